// One of the choices beside the picture.

interface Choice<Value extends string> {
  value: Value;
  words: string;
  disabled?: boolean;
}

interface Properties<Value extends string> {
  label: string;
  value: Value;
  choices: Choice<Value>[];
  choose(value: Value): void;
}

export function Menu<Value extends string>({ label, value, choices, choose }: Properties<Value>) {
  return (
    <select
      class="control quality"
      aria-label={label}
      value={value}
      onChange={(event) => choose(event.currentTarget.value as Value)}
    >
      {choices.map((each) => (
        <option key={each.value} value={each.value} disabled={each.disabled}>
          {each.words}
        </option>
      ))}
    </select>
  );
}
