/** By column of `app`: the name of the union in this folder, and the list it is made of. */
export type ColumnLists = Readonly<Record<string, { readonly type: string; readonly values: readonly string[] }>>;
