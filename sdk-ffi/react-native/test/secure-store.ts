/** `expo-secure-store`, as far as the adapter asks for it. */
export const items = new Map<string, { value: string; options: unknown }>();

export function getItem(key: string): string | null {
  return items.get(key)?.value ?? null;
}

export function setItem(key: string, value: string, options?: object): void {
  items.set(key, { value, options });
}
