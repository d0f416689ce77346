/** What the page says, in the languages it knows. */
export interface PreferenceWords {
  readonly title: string;
  readonly intro: (organization: string) => string;
  readonly channel: Readonly<Record<'email' | 'sms' | 'whatsapp', string>>;
  readonly service: string;
  readonly marketing: string;
  readonly always: string;
  readonly save: string;
  readonly saved: string;
  readonly stop: string;
  readonly stopIntro: (organization: string) => string;
  readonly stopped: string;
  readonly choose: string;
  readonly gone: string;
}

const WORDS: Readonly<Record<string, PreferenceWords>> = {
  en: {
    title: 'What we send you',
    intro: (organization) => `Choose what ${organization} may send you. You can change it at any time.`,
    channel: { email: 'Email', sms: 'Text messages', whatsapp: 'WhatsApp' },
    service: 'Messages about your wedding',
    marketing: 'News and offers',
    always: 'Confirmations and payment reminders always come, because you need them.',
    save: 'Save',
    saved: 'Saved. Thank you.',
    stop: 'Stop news and offers',
    stopIntro: (organization) =>
      `Do you want no more news and offers from ${organization}? Messages about your wedding still come.`,
    stopped: 'Done: you will get no more news and offers at this address.',
    choose: 'Choose what you get',
    gone: 'This link is no longer valid. Use the link in the newest message you have.',
  },
  de: {
    title: 'Was wir Ihnen schicken',
    intro: (organization) => `Wählen Sie, was ${organization} Ihnen schicken darf. Sie können es jederzeit ändern.`,
    channel: { email: 'E-Mail', sms: 'SMS', whatsapp: 'WhatsApp' },
    service: 'Nachrichten zu Ihrer Hochzeit',
    marketing: 'Neuigkeiten und Angebote',
    always: 'Bestätigungen und Zahlungserinnerungen kommen immer, weil Sie sie brauchen.',
    save: 'Speichern',
    saved: 'Gespeichert. Vielen Dank.',
    stop: 'Neuigkeiten und Angebote abbestellen',
    stopIntro: (organization) =>
      `Möchten Sie keine Neuigkeiten und Angebote von ${organization} mehr? Nachrichten zu Ihrer Hochzeit kommen weiterhin.`,
    stopped: 'Erledigt: An diese Adresse kommen keine Neuigkeiten und Angebote mehr.',
    choose: 'Auswählen, was Sie bekommen',
    gone: 'Dieser Link gilt nicht mehr. Nehmen Sie den Link aus der neuesten Nachricht.',
  },
  fr: {
    title: 'Ce que nous vous envoyons',
    intro: (organization) =>
      `Choisissez ce que ${organization} peut vous envoyer. Vous pouvez changer d’avis à tout moment.`,
    channel: { email: 'E-mail', sms: 'SMS', whatsapp: 'WhatsApp' },
    service: 'Messages au sujet de votre mariage',
    marketing: 'Nouvelles et offres',
    always: 'Les confirmations et les rappels de paiement viennent toujours, car vous en avez besoin.',
    save: 'Enregistrer',
    saved: 'Enregistré. Merci.',
    stop: 'Ne plus recevoir nouvelles et offres',
    stopIntro: (organization) =>
      `Ne plus recevoir de nouvelles ni d’offres de ${organization} ? Les messages au sujet de votre mariage continuent.`,
    stopped: 'C’est fait : plus de nouvelles ni d’offres à cette adresse.',
    choose: 'Choisir ce que vous recevez',
    gone: 'Ce lien n’est plus valable. Prenez celui du message le plus récent.',
  },
  es: {
    title: 'Lo que le enviamos',
    intro: (organization) => `Elija lo que ${organization} puede enviarle. Puede cambiarlo cuando quiera.`,
    channel: { email: 'Correo electrónico', sms: 'SMS', whatsapp: 'WhatsApp' },
    service: 'Mensajes sobre su boda',
    marketing: 'Novedades y ofertas',
    always: 'Las confirmaciones y los recordatorios de pago llegan siempre, porque los necesita.',
    save: 'Guardar',
    saved: 'Guardado. Gracias.',
    stop: 'No recibir novedades ni ofertas',
    stopIntro: (organization) =>
      `¿No quiere más novedades ni ofertas de ${organization}? Los mensajes sobre su boda siguen llegando.`,
    stopped: 'Hecho: no llegarán más novedades ni ofertas a esta dirección.',
    choose: 'Elegir lo que recibe',
    gone: 'Este enlace ya no es válido. Use el del mensaje más reciente.',
  },
};

/** The words for a language, BCP 47; English where the page does not know it. */
export function wordsFor(locale: string): { words: PreferenceWords; language: string } {
  const language = locale.toLowerCase().split('-', 1)[0] ?? 'en';
  const words = WORDS[language];
  if (words !== undefined) return { words, language };
  return { words: WORDS['en'] as PreferenceWords, language: 'en' };
}
