import type { Risk, YesNo } from '../api/doors';

/** The questions of a risk assessment, in the order in which they are asked. Pure. */

export const CSSRS = ['wish_to_be_dead', 'suicidal_thoughts', 'thoughts_of_method', 'some_intent', 'intent_with_plan', 'behaviour_lifetime', 'behaviour_3_months'] as const satisfies (keyof Risk['cssrs'])[];
export const RISKS = ['desire', 'intent', 'capability', 'buffers', 'violence', 'psychosis', 'overdose', 'danger_to_others'] as const satisfies (keyof Risk)[];

export interface Answered {
  name: string;
  value: YesNo;
}

export function answersOf(risk: Risk): Answered[] {
  return [...RISKS.map((name) => ({ name, value: risk[name] })), ...CSSRS.map((name) => ({ name, value: risk.cssrs[name] }))];
}

/** Buffers protect: there a *no* raises the risk. */
export const raises = ({ name, value }: Answered): boolean => value === (name === 'buffers' ? 'no' : 'yes');
