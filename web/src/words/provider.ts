/** The provider's page. */
import { plural } from './plural';

export const provider = {
  referrals: 'Referred to us',
  none: 'Nobody is referred to you now.',
  tasks: 'Outreach to do',
  slots: 'Our appointments',
  acknowledge: 'Acknowledge',
  attended: 'Attended',
  noShow: 'No-show',
  reject: 'We cannot take them',
  rejectReason: 'Why not (no names)',
  rejectGo: 'Reject the referral',
  who: 'Who is it?',
  contact: 'What happened',
  contacts: { reached: 'Reached', left_message: 'Left a message', no_answer: 'No answer', wrong_number: 'Wrong number', declined: 'Declined' } as Record<string, string>,
  record: 'Record attempt',
  end: 'End, not attended',
  attempts: (count: number) => plural(count, 'attempt', 'attempts'),
  reasons: { no_show: 'Did not come', rejected: 'Referral rejected', attendance_unknown: 'Nobody said whether they came', caring_connection: 'Caring Connection' } as Record<string, string>,
  ends: { failed: 'Ended, not attended', rejected: 'Rejected', cancelled: 'Cancelled', completed: 'Attended' } as Record<string, string>,
  when: 'When',
  what: 'What',
  free: 'Free',
  booked: 'Booked',
};
