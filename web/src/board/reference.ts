/** What people call a request by telephone: the end of its id, which says nothing about anybody. */
export const reference = (id: string): string => id.slice(-4).toUpperCase();
