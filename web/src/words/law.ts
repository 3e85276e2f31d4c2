/** What law enforcement sees. */

export const shared = {
  none: 'Nothing is shared with you now.',
  read: 'Read place and safety (logged)',
};
