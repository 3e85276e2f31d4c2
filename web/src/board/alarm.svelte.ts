/** One sound for imminent requests that nobody owns: two rising tones every two seconds, until somebody was named who heard it. */
const EVERY_MS = 2_000;
const TONES_HZ = [660, 880] as const;

export class Alarm {
  blocked = $state(false);
  #audio: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Sounds while somebody is to hear it. */
  sound(loud: boolean): void {
    if (!loud) return this.stop();
    if (this.#timer) return;
    this.#ring();
    this.#timer = setInterval(() => this.#ring(), EVERY_MS);
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

