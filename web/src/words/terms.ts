/** The field's terms, by the code that the server sends. */

export const roles = {
  dispatcher: 'Dispatcher',
  facility: 'Facility',
  field: 'Field crew',
  provider: 'Provider',
  supervisor: 'Supervisor',
  law: 'Law enforcement',
  law_enforcement: 'Law enforcement',
  wall: 'Wall',
} as Record<string, string>;

export const tier = { imminent: 'Imminent', high: 'High', moderate: 'Moderate', routine: 'Routine' } as Record<string, string>;
export const urgency = { 1: 'Routine (phone)', 2: 'Moderate (mobile)', 3: 'Urgent (co-response)', 4: 'Emergent (law enforcement leads)' } as Record<number, string>;
export const needLevel = { none: 'not needed', possible: 'perhaps', needed: 'needed' } as Record<string, string>;
export const placeNeed = { none: 'No place needed', possible: 'May need a place', needed: 'Needs a place' } as Record<string, string>;

export const state = {
  requested: 'Waiting for a plan',
  recommended: 'Recommendation ready',
  accepted: 'Accepted, crew asked',
  acknowledged: 'Crew acknowledged',
  en_route: 'Team on its way',
  on_scene: 'On scene',
  transporting: 'Transporting',
  arrived: 'Arrived',
  handed_over: 'Handed over',
  resolved_on_scene: 'Resolved on scene',
  resolved_by_phone: 'Resolved by phone',
  ems_handed_over: 'EMS / 911 took over',
  person_refused: 'Person refused',
  could_not_locate: 'Could not locate',
  cancelled: 'Cancelled',
} as Record<string, string>;

export const status = {
  available: 'available',
  dispatched: 'dispatched',
  en_route: 'en route',
  on_scene: 'on scene',
  transporting: 'transporting',
  at_facility: 'at facility',
  clearing: 'clearing',
  out_of_service: 'out of service',
} as Record<string, string>;

export const vocabulary = {
  child: 'Child',
  adolescent: 'Adolescent',
  adult: 'Adult',
  older_adult: 'Older adult',
  female_unit: 'Female unit',
  male_unit: 'Male unit',
  voluntary: 'Voluntary',
  involuntary: 'Involuntary',
  high_acuity: 'High acuity',
  substance_use: 'Substance use',
  withdrawal: 'Withdrawal',
  medical_needs: 'Medical needs',
  aggression: 'Aggression',
  intellectual_disability: 'Intellectual disability',
  physical_disability: 'Physical disability',
  brain_injury: 'Brain injury',
  dementia: 'Dementia',
  psychosis: 'Psychosis',
  overdose: 'Overdose',
  wheelchair: 'Wheelchair',
  secure: 'Secure transport',
  lang_en: 'English',
  lang_es: 'Spanish',
  lang_asl: 'American Sign Language',
  lang_nv: 'Navajo',
  lang_pt: 'Portuguese',
  lang_zh: 'Chinese',
  lang_vi: 'Vietnamese',
  lang_to: 'Tongan',
  lang_sm: 'Samoan',
  interpreter: 'Interpreter',
  language_required: 'Language is a must',
  therapist: 'Therapist',
  designated_examiner: 'Designated examiner',
  peer: 'Peer specialist',
  family_facilitator: 'Family facilitator',
  child_specialist: 'Child specialist',
  receiving: 'Receiving',
  stabilization: 'Stabilization',
  observation_23h: '23-hour observation',
  respite: 'Respite',
  walk_in: 'Walk-in',
  residential_crisis: 'Residential crisis',
  inpatient_adult: 'Inpatient, adult',
  inpatient_pediatric: 'Inpatient, pediatric',
  detox: 'Detox',
  emergency_department: 'Emergency department',
  in_person: 'In person',
  telehealth: 'Telehealth',
} as Record<string, string>;

export const steps = {
  en_route: 'Team is on its way',
  on_scene: 'Team is on scene',
  transporting: 'Leaving with the person',
  arrived: 'Arrived at the place',
  handed_over: 'Handed over',
} as Record<string, string>;

export const answers = { asked: 'asked, no answer yet', acknowledged: 'acknowledged', accepted: 'accepted', declined: 'declined' } as Record<string, string>;
export const yesNo = { yes: 'yes', no: 'no', unknown: 'not asked' } as Record<string, string>;

export const risk = {
  imminent: 'Imminent risk',
  wish_to_be_dead: 'Wish to be dead',
  suicidal_thoughts: 'Thoughts of killing oneself',
  thoughts_of_method: 'Thought about how',
  some_intent: 'Some intention of acting',
  intent_with_plan: 'Plan worked out, intention to carry it out',
  behaviour_lifetime: 'Ever did, began or prepared anything to end their life',
  behaviour_3_months: 'In the last three months',
  desire: 'Desire',
  intent: 'Intent',
  capability: 'Capability',
  buffers: 'Buffers against it',
  violence: 'Violence',
  psychosis: 'Psychosis',
  overdose: 'Overdose',
  danger_to_others: 'Danger to others',
} as Record<string, string>;

export const referral = { requested: 'booked, provider alerted', accepted: 'booked, acknowledged', 'on-hold': 'on hold', failed: 'ended, not attended', rejected: 'rejected', cancelled: 'cancelled', completed: 'Attended' } as Record<string, string>;

export const settled = {
  referred: 'referred to an appointment',
  declined: 'the person declined',
  not_needed: 'not needed',
  in_care: 'in care elsewhere',
  could_not_contact: 'could not be reached',
} as Record<string, string>;

/** What was done, as the server's timeline codes it. */
export const deeds = {
  opened: 'opened the request',
  triaged: 'changed what is known',
  recommend: 'a recommendation is ready',
  withdraw_recommendation: 'the recommendation was withdrawn',
  owned: 'took it',
  disowned: 'gave it back',
  taken_back: 'took the acceptance back: nobody had answered',
  alarm_heard: 'heard the alarm',
  handed_over: 'handed it to a colleague',
  took_over: 'took it over',
  diverted: 'a unit was taken away for another person',
  place_asked: 'asked for a place',
  joined: 'joined two requests',
  shared_with_law_enforcement: 'shared place and safety with law enforcement',
  rescue_called: 'called EMS / 911',
  rescue_confirmed: 'confirmed the rescue contact',
  escalated: 'a clock ran out: escalated',
  raised: 'nobody answered: a supervisor is called',
  reopened: 'the referral was called off: to be followed up again',
  settled: 'settled the follow-up',
  crew_acknowledged: 'crew acknowledged',
  crew_declined: 'crew declined',
  facility_accepted: 'facility accepted',
  facility_declined: 'facility declined',
  depart: 'team on its way',
  reach_person: 'team on scene',
  leave_with_person: 'left with the person',
  reach_place: 'arrived at the place',
  hand_over_person: 'handed the person over',
  resolve_on_scene: 'resolved on scene',
  resolve_by_phone: 'resolved by phone',
  hand_over_to_ems: 'EMS / 911 took over',
  person_refuses: 'the person refused',
  not_located: 'could not locate the person',
  cancel: 'cancelled',
  all_well: 'crew says: all well',
  check_in_taken: 'took on the overdue check-in',
  place_wanted: 'a place is needed now, none was planned',
  panic_pressed: 'crew called for help',
  panic_acknowledged: 'acknowledged the call for help',
  panic_unanswered: 'nobody answered the call for help in time',
  panic_ended: 'ended the call for help',
} as Record<string, string>;

export const told = (at: string) => `told ${at}`;
export const reference = (ref: string) => `#${ref}`;
