//! Headings of columns, in many languages.

use super::Column;

/// Headings of each column, reduced to their letters, in many languages and as the address books of Google, Outlook and
/// Apple write them.
const HEADINGS: [(Column, &str); 9] = [
    (
        Column::FirstName,
        "firstname first givenname given forename middlename middle additionalname vorname rufname weiterevornamen \
         prénom prenom nombre nombredepila nome primeironome voornaam imię imie förnamn fornavn etunimi keresztnév \
         jméno имя ad 名",
    ),
    (
        Column::LastName,
        "lastname last surname familyname family nachname familienname nomdefamille apellido apellidos cognome \
         sobrenome apelido achternaam nazwisko efternamn efternavn etternavn sukunimi vezetéknév příjmení фамилия \
         soyad soyadı 姓",
    ),
    (
        Column::Name,
        "name fullname guest guestname displayname contactname invitee attendee person who vollständigername \
         anzeigename gast gastname gäste nom nomcomplet nometprénom invité nombrecompleto nombreyapellidos invitado \
         nomecompleto nomeecognome ospite invitato convidado naam volledigenaam imięinazwisko imieinazwisko gość namn \
         navn nimi név фио adsoyad 姓名 氏名 名前",
    ),
    (
        Column::Email,
        "email emailaddress emails mail emailadress mailaddress emailvalue emailadresse mailadresse courriel \
         adressemail adresseemail adresseélectronique correo correoelectrónico correoelectronico direccióndecorreo \
         indirizzoemail postaelettronica endereçodeemail emailadres adresemail epost epostadress epostadresse \
         sähköposti почта электроннаяпочта eposta 电子邮件 メール",
    ),
    (
        Column::Mobile,
        "mobile mobilephone mobilenumber mobileno cell cellphone cellnumber whatsapp whatsappnumber handy handynummer \
         mobil mobiltelefon mobilnummer mobiltelefonnummer portable téléphoneportable télportable telportable móvil \
         movil teléfonomóvil celular cellulare telefonocellulare telemóvel telemovel mobiel mobielnummer komórka \
         telefonkomórkowy мобильный",
    ),
    (
        Column::Phone,
        "phone phonenumber phoneno telephone telephonenumber tel telno phonevalue primaryphone homephone \
         businessphone otherphone workphone telefon telefonnummer telefonprivat weiterestelefon telefongeschäftlich \
         haupttelefon rufnummer téléphone numérodetéléphone teléfono telefono númerodeteléfono telefone telefoon \
         telefoonnummer numertelefonu telefonnr puhelin телефон 电话 電話",
    ),
    (
        Column::PartySize,
        "seats partysize party guests numberofguests noofguests numberofseats noofseats ofseats ofguests persons \
         people pax headcount heads size places adults count totalguests personen personenzahl anzahl anzahlpersonen \
         plätze anzahlplätze sitze personnes nombredepersonnes nombredeplaces personas númerodepersonas plazas \
         asistentes persone numerodipersone posti pessoas númerodepessoas nºdepessoas ndepessoas lugares aantal \
         aantalpersonen plaatsen liczbaosób liczbaosob miejsca antal antall",
    ),
    (
        Column::Tags,
        "tags tag group groups groupmembership label labels category categories list table side gruppe gruppen \
         kategorie kategorien schlagwörter tisch groupe groupes étiquettes catégorie catégories grupo grupos etiqueta \
         etiquetas categoría gruppo gruppi etichetta etichette categoria marcadores groep groepen categorie grupa \
         grupy etykieta etykiety kategoria",
    ),
    (
        Column::Note,
        "note notes comment comments remark remarks message diet dietary dietaryrequirements notiz notizen bemerkung \
         bemerkungen anmerkung anmerkungen kommentar remarque remarques commentaire commentaires nota notas \
         observaciones comentario comentarios osservazioni commenti observações comentários notitie notities \
         opmerking opmerkingen uwaga uwagi notatka notatki",
    ),
];

/// Headings that say no more than "name".
pub const BARE: [&str; 8] = ["name", "nom", "naam", "namn", "navn", "név", "nimi", "nazwa"];

/// The letters of a heading.
pub fn key(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect()
}

/// What a heading names.
pub fn heading(text: &str) -> Option<Column> {
    let key = key(text);
    HEADINGS.iter().find(|(_, known)| known.split_whitespace().any(|known| known == key)).map(|(column, _)| *column)
}
