"""Words that carry no topic, per language: articles, pronouns, auxiliaries, and everyday verbs and adverbs.

For keywords. Not a linguistic resource: a language is here when its list was good enough to read the results.
"""

_WORDS = {
    "en": """
a about above according across actually after again against ago all almost along already also although always am
among an and another any anyone anything are aren't around as ask at available away back based be became because
become been before being below best better between both bring but by call came can can't cannot case change come
could day days did didn't different do does doesn't doing don't done down during each easy either else enough
especially etc even ever every example few find first following for found from full further gave get gets getting
give given go goes going good got great had half has hasn't have haven't having he help her here hers herself high
him himself his hour hours how however i i'm i've if important in include included includes including instead into
is isn't it it's its itself just keep kind know large last later least leave left less let like likely line little
long look looks made main make makes making many may maybe me mean means might mine minute minutes more most
mostly move much must my myself need needed needs never new next no none nor not nothing now number of off often
old on once one ones only onto or order other others our ours out over own part people per perhaps place please
possible put quite rather really regarding right said same say says second see seem seems seen set several shall
she should show shown shows since small so some someone something soon still such take taken than thank thanks
that that's the their them themselves then there these they thing things think this those though three through
time times to today together too took toward tried true try two under until up upon us use used useful user using
usually various very via want wants was wasn't way ways we week weeks well went were weren't what when where
whether which while who whom whose why will with within without won't word words would wouldn't write wrote year
years yes yet although unless pm you your yours yourself al et eg ie vs fig figure table page pages dear regards sincerely
""",
    "de": """
ab aber seien seie sei alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus außerdem
bei beide beim bereits bin bis bist bzw da dabei dadurch dafür daher damit danach dann daran darauf daraus darf
darin das dass davon davor dazu dein deine dem den denn der deren des dessen deshalb dich die dies diese diesem
diesen dieser dieses dir doch dort du durch dürfen ebenso ein eine einem einen einer eines einige einigen er es
etwa etwas euch euer falls für gab ganz geben gegen gehen geht gemäß genau gibt gilt gut habe haben hat hatte
hatten her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins insbesondere ist ja
je jede jedem jeden jeder jedes jedoch jetzt kann kein keine keinem keinen keiner kommen können könnte lassen
lässt machen man mehr mein meine mit möchte muss müssen nach nachdem neben neue neuen nicht nichts noch nun nur ob
oben obwohl oder ohne per sagen schon sehr sei sein seine seinem seinen seiner seit selbst sich sicher sie sind so
sobald sogar soll sollen sollte somit sondern sonst sowie über um und uns unser unsere unserem unseren unter usw
viel viele vielen vielleicht vom von vor wann war waren warum was weder wegen weil weiter weitere weiteren welche
welchem welchen welcher welches wenig wenn wer werden wie wieder will wir wird wo wurde wurden zu zum zur zwar
zwei zwischen bitte seite seiten heißt folgt folgende folgenden sodass mittels dank
""",
    "fr": """
a afin ai aient ailleurs ainsi alors après au aucun aucune aujourd'hui auprès aura aussi autre autres aux avaient
avait avant avec avez avoir avons bien car ce ceci cela celle celles celui cependant certain certaine certains ces
cet cette ceux chaque chez ci comme comment contre d dans de depuis derrière des dès deux devant doit dont du elle
elles en encore enfin entre es est et étaient était été être eu eux faire fait faut fois font grand hors ici il
ils je jusqu jusque l la là le les leur leurs lors lorsque lui m ma mais malgré me même mêmes merci mes mettre moi
moins mon n ne ni non nos notre nous nouveau on ont ou où par parce pas pendant peu peut peuvent plus plusieurs
pour pourquoi pouvez près prix puis qu quand que quel quelle quelles quelque quelques quels qui quoi reste restons
s sa sans se selon sera seront ses si sien soit son sont sous souvent suis sur ta te tel telle tes toi ton
toujours tous tout toute toutes très trop tu un une vers voici voilà vos votre vous y date jour jours
""",
    "es": """
a al algo algún alguna algunas alguno algunos allí ambos ante antes aquel aquella aquellos aquí así aun aún aunque
bajo bien cada casi como cómo con contra cual cuál cuales cualquier cuando cuándo cuanto de del desde después
donde dónde dos durante e el él ella ellas ello ellos en entonces entre era eran es esa esas ese eso esos esta
está estaba están estar estas este esto estos fue fueron gracias ha había hace hacer hacia han hasta hay he la las
le les lo los luego más me mediante menos mi mientras mis mismo misma mucha muchas mucho muchos muy nada ni no nos
nosotros nuestra nuestras nuestro nuestros nunca o os otra otras otro otros para pero poco por porque pues puede
pueden que qué quien quién se según sea ser si sí sido siempre sin sino sobre solo sólo son su sus también tan
tanto te tener tiene tienen toda todas todo todos tras tu tus un una unas uno unos usted ustedes va vez y ya yo
cuyo dicho dicha hecho
""",
    "it": """
a ad agli ai al alcuni all alla alle allo allora altra altre altri altro anche ancora avere aveva avevano ben c
che chi ci cioè come con contro così cui d da dagli dai dal dall dalla dalle dallo degli dei del dell della delle
dello dentro di dopo dove due e è ed era erano essere fa fare fino fra già gli grazie ha hai hanno ho i il in
infatti io l la le lei li lo loro lui ma me meno mentre mi mia mio molta molte molti molto ne negli nei nel nell
nella nelle nello no noi non nostra nostri nostro o ogni ora per però perché più poco poi prima proprio può qua
quale quali quando quanto quella quelle quelli quello questa queste questi questo qui quindi se sei sempre senza
si sia siamo solo sono sopra sotto sta stata stati stato stesso su sua sue sugli sui sul sull sulla sulle suo suoi
te tra tu tutta tutte tutti tutto un una uno vi voi vostro
""",
    "nl": """
aan af al alle alleen alles als altijd ander andere anders bij bijvoorbeeld binnen daar daarna dan dat de deze die
dit door doen dus echter een eens elk elke en er erg even ge geen geweest gaan gaat haar had heb hebben heeft hem
het hier hij hoe hun ik in is ja je jij jouw kan kon kunnen maar maken me meer men met mij mijn moet moeten na
naar niet niets nog nu of om omdat onder ons onze ook op over reeds samen sinds te tegen ten ter tijdens toch toen
tot tussen twee u uit uw van veel via voor vooral waar waarom wanneer want waren was wat we wel welke werd wie wij
wil worden wordt zal ze zelf zich zij zijn zo zoals zonder zou zullen
""",
    "pt": """
a à ao aos aquela aquele aqueles aqui as às assim até cada com como contra da das de dela dele deles depois desde
dessa desse desta deste do dos duas e é ela elas ele eles em então entre era eram essa essas esse esses esta está
estão estas estava este estes eu foi foram há isso isto já lhe lhes mais mas me mesmo meu minha muito muitos na
não nas nem no nos nós nossa nosso num numa o obrigado onde os ou outra outras outro outros para pela pelas pelo
pelos pode podem por porque qual quando que quem são se seja sem sempre ser será seu seus só sobre sua suas também
tão te tem têm ter toda todas todo todos tudo um uma umas uns você vocês
""",
}
# What forms, mails and invoices print around their content, whatever the language.
_FORM_WORDS = """
amount amounts bcc betrag bezeichnung bic cc co corp date datum description designation désignation due email e-mail
end eur facture fax gbp gmbh iban id inc inv invoice item items llc ltd mail menge montant mwst no nr number od ok
phone preis price prix qty quantity quantité rechnung receipt ref reference sarl sku start subject subtotal sum summe
tel telefon telephone téléphone total totals tva txn type usd ust vat
"""
# Without case, as the words they are compared with ("heißt" becomes "heisst").
STOP_WORDS: dict[str, frozenset[str]] = {
    code: frozenset((words + _FORM_WORDS).casefold().split()) for code, words in _WORDS.items()
}

# Single signs that end or glue a Chinese phrase rather than name something.
CHINESE_STOP_SIGNS = frozenset("的了和是在有我你他她它们这那个与及或而也就都不为以于之其被把对从到等将并但如因还没很")
