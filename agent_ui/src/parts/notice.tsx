import { CircleAlert, Info, RefreshCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const ICONS = { info: Info, warn: TriangleAlert, reconnecting: RefreshCw, crit: CircleAlert };

interface Props {
  tone: keyof typeof ICONS;
  title?: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** A calm sentence across the page: what happened, what we did, what there is to do. */
export function Notice({ tone, title, children, action }: Props) {
  const Icon = ICONS[tone];
  return (
    <div className="notice" data-tone={tone}>
      <Icon size={18} aria-hidden="true" />
      <p>
        {title !== undefined && <strong>{title} </strong>}
        {children}
      </p>
      {action}
    </div>
  );
}
