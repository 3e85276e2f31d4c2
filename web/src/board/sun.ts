/** Where the sun stands. Pure. Low-precision formulas of the Astronomical Almanac: good to about 0.1°. */

const RAD = Math.PI / 180;
const J2000_MS = Date.UTC(2000, 0, 1, 12);
/** The upper limb at the horizon, with refraction. */
const HORIZON_DEG = -0.833;

/** Degrees of the sun above the horizon at a time (ms UTC) and a place (lon, lat). */
export function sunElevationDeg(ms: number, [lon, lat]: readonly [number, number]): number {
  const days = (ms - J2000_MS) / 86_400_000;
  const anomaly = (357.528 + 0.9856003 * days) * RAD;
  const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RAD;
  const tilt = (23.439 - 0.0000004 * days) * RAD;
  const declination = Math.asin(Math.sin(tilt) * Math.sin(longitude));
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude));
  const sidereal = (280.46062 + 360.98564737 * days + lon) * RAD;
  const hour = sidereal - ascension;
  return Math.asin(Math.sin(lat * RAD) * Math.sin(declination) + Math.cos(lat * RAD) * Math.cos(declination) * Math.cos(hour)) / RAD;
}

export const sunIsUp = (ms: number, at: readonly [number, number]): boolean => sunElevationDeg(ms, at) > HORIZON_DEG;
