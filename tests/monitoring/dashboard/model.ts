/** What docs/monitoring/dashboard.json may be: Grafana's own types, as JSON has them, with the panels that we use. */

import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** A type as JSON has it: an enumeration is its values, and there are no methods. `any` stays. */
type Plain<T> = 0 extends 1 & T
  ? T
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer Value extends number}`
        ? Value
        : never
      : T extends (infer Item)[]
        ? Plain<Item>[]
        : T extends object
          ? { [Key in keyof T as T[Key] extends (...given: never[]) => unknown ? never : Key]: Plain<T[Key]> }
          : T;

/** Grafana's own type lets a panel have options of any kind; those of each kind of panel have types of their own. */
type PanelOf<Type extends string, Options, Custom> = Omit<
  Plain<dashboard.Panel>,
  'type' | 'targets' | 'options' | 'fieldConfig'
> & {
  type: Type;
  id: number;
  title: string;
  description: string;
  gridPos: dashboard.GridPos;
  targets: Plain<prometheus.Dataquery>[];
  options: Plain<Options>;
  fieldConfig: Omit<Plain<dashboard.FieldConfigSource>, 'defaults'> & {
    defaults: Omit<Plain<dashboard.FieldConfig>, 'custom'> & { custom?: Plain<Custom> };
  };
};

type Panel =
  | PanelOf<'stat', stat.Options, never>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Plain<dashboard.RowPanel>;

/** The dashboard. */
export type Dashboard = Omit<Plain<dashboard.Dashboard>, 'panels'> & { panels: Panel[] };
