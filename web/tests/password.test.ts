import { describe, expect, it } from 'vitest';
import { newPassword } from '../src/screens/supervisor/password';

describe('a password for a first log-in', () => {
  it('is sixteen signs in groups that can be read out', () => expect(newPassword()).toMatch(/^([a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}$/));
  it('is another one each time', () => expect(new Set(Array.from({ length: 50 }, () => newPassword())).size).toBe(50));
  it('takes no sign from a byte that would make some likelier', () => {
    const bytes = [255, 248, 247, 0];
    expect(newPassword((into) => into.map((_, index) => bytes[index % 4]!))).toBe('9a9a-9a9a-9a9a-9a9a');
  });
});
