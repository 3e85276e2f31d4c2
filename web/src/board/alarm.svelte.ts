/** One sound for imminent requests that nobody owns: two rising tones every two seconds, until somebody was named who heard it. */
export interface Pattern {
  everyMs: number;
  tonesHz: readonly number[];
  /** Of two alarms that sound, only the one with the higher rank is heard. */
  rank: number;
}
export const IMMINENT: Pattern = { everyMs: 2_000, tonesHz: [660, 880], rank: 1 };
/** A crew calls for help, or has fallen silent and nobody took it on: three falling tones every second. */
export const CREW: Pattern = { everyMs: 1_200, tonesHz: [1_175, 988, 784], rank: 2 };

const sounding = new Set<Pattern>();

export class Alarm {
  blocked = $state(false);
  #audio: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly pattern: Pattern = IMMINENT) {}

  /** Sounds while somebody is to hear it. */
  sound(loud: boolean): void {
    if (!loud) return this.stop();
    if (this.#timer) return;
    sounding.add(this.pattern);
    this.#ring();
    this.#timer = setInterval(() => this.#ring(), this.pattern.everyMs);
  }

  /** Browsers allow sound only after a touch or a key. */
  allow(): void {
    this.#audio ??= new AudioContext();
    void this.#audio.resume().then(() => (this.blocked = this.#audio?.state !== 'running'));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    sounding.delete(this.pattern);
  }

  #ring(): void {
    this.#audio ??= new AudioContext();
    this.blocked = this.#audio.state !== 'running';
    const outranked = [...sounding].some((other) => other.rank > this.pattern.rank);
    if (this.blocked || outranked) return;
    this.pattern.tonesHz.forEach((hz, index) => this.#tone(this.#audio!, hz, index * 0.22));
  }

  #tone(audio: AudioContext, hz: number, afterS: number): void {
    const start = audio.currentTime + afterS;
    const gain = audio.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.25, start + 0.02);
    gain.gain.linearRampToValueAtTime(0, start + 0.2);
    const tone = audio.createOscillator();
    tone.frequency.value = hz;
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.22);
  }
}

