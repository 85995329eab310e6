import type { JSX } from 'preact';

export interface NumberInputProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** 1 allows whole numbers only. */
  step?: number;
  disabled?: boolean;
  onCommit: (value: number) => void;
}

/** A number within bounds. What is outside of them, or not whole where it must be, is not taken over. */
export function NumberInput({ label, value, min, max, step = 1, disabled, onCommit }: NumberInputProps): JSX.Element {
  const change = (input: HTMLInputElement): void => {
    const typed = input.valueAsNumber;
    const fits = typed >= min && typed <= max && (step !== 1 || Number.isInteger(typed));
    if (fits && typed !== value) onCommit(typed);
    else input.value = String(value);
  };
  return (
    <input
      type="number"
      class="number-input"
      aria-label={label}
      value={value}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      onChange={(event) => change(event.currentTarget)}
    />
  );
}
