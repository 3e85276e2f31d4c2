/** One catalogue of all of them; a name that two of them give is refused by the compiler. */
export * from './everywhere';
export * from './terms';
export * from './console';
export * from './request';
export * from './roads';
export * from './handover';
export * from './downtime';
export * from './wall';
export * from './pad';
export * from './field';
export * from './provider';
export * from './supervisor';
export * from './law';
export * from './rides';
