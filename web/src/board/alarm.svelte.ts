
/** One sound for imminent requests that nobody owns: two rising tones every two seconds, until acknowledged. */
const EVERY_MS = 2_000;
const TONES_HZ = [660, 880] as const;

export class Alarm {
  /** Request id → the hour of its acknowledgement. */
  acknowledged = $state<Record<string, number>>({});
  blocked = $state(false);
  #audio: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Sounds while any of these ids is not acknowledged. */
  sound(ids: readonly string[]): void {
    const loud = ids.some((id) => this.acknowledged[id] === undefined);
    if (loud && !this.#timer) {
      this.#ring();
      this.#timer = setInterval(() => this.#ring(), EVERY_MS);
    } else if (!loud) {
      this.stop();
    }
    for (const id of Object.keys(this.acknowledged)) if (!ids.includes(id)) delete this.acknowledged[id];
  }

  acknowledge(ids: readonly string[], nowMs: number): void {
    for (const id of ids) this.acknowledged[id] = nowMs;
    this.sound(ids);
  }

  /** Browsers allow sound only after a touch or a key. */
  allow(): void {
    this.#audio ??= new AudioContext();
    void this.#audio.resume().then(() => (this.blocked = this.#audio?.state !== 'running'));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ring(): void {
    this.#audio ??= new AudioContext();
    this.blocked = this.#audio.state !== 'running';
    if (this.blocked) return;
    TONES_HZ.forEach((hz, index) => this.#tone(this.#audio!, hz, index * 0.22));
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

