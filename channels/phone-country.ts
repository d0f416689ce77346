/**
 * The country whose telephone numbers an organization writes without their country code: what its settings say
 * (`country`, ISO 3166), else the one of its language, such as GB of `en-GB`.
 */
export function countryOfOrganization(organization: {
  readonly locale: string;
  readonly settings: Readonly<Record<string, unknown>>;
}): string | undefined {
  const { country } = organization.settings;
  if (typeof country === 'string' && /^[A-Z]{2}$/.test(country)) return country;
  return new Intl.Locale(organization.locale).maximize().region;
}
