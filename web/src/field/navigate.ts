/** The link that opens the phone's own navigation. It carries coordinates and nothing else. Pure. */
export function navigation(userAgent: string, lat: number, lon: number): string {
  const at = `${lat.toFixed(5)},${lon.toFixed(5)}`;
  if (/iPhone|iPad|iPod|Macintosh/.test(userAgent)) return `https://maps.apple.com/?daddr=${at}`;
  if (/Android/.test(userAgent)) return `geo:${at}?q=${at}`;
  return `https://www.openstreetmap.org/?mlat=${lat.toFixed(5)}&mlon=${lon.toFixed(5)}#map=16/${lat.toFixed(5)}/${lon.toFixed(5)}`;
}
