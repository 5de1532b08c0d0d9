import { useWords } from "../words";

/** The product's name and sign. */
export function Logo({ size = 22 }: { size?: number }) {
  const words = useWords();
  return (
    <span className="logo">
      <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
        <path className="logo-upper" d="M3 12a9 9 0 0 1 15.4-6.3" />
        <path className="logo-lower" d="M21 12a9 9 0 0 1-15.4 6.3" />
        <circle className="logo-core" cx="12" cy="12" r="3.1" />
      </svg>
      <span className="logo-name">{words.product}</span>
    </span>
  );
}
