export const plural = (count: number | string, one: string, many: string): string => `${count} ${String(count) === '1' ? one : many}`;
