"""Mail domains that anybody can use: sharing one proves nothing (X1).

By provider, so that a missing one is seen. Only domains that the provider still has: a lapsed one can be bought by
whoever wants to escape the signal, which is why no published list of free email domains is used (ADR 38).
"""

from __future__ import annotations

# Providers with domains of one name under many countries.
_REGIONAL = {
    "yahoo": """com ca es fr de it ie gr ro pl se no dk nl be at cl cz hu pt in co.id co.in co.jp co.kr co.nz co.th
        co.uk co.za com.ar com.au com.br com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ve
        com.vn""",
    "hotmail": """com ca es fr de it be nl se no dk fi ch gr cl co.il co.jp co.nz co.th co.uk co.za com.ar com.au com.br
        com.hk com.mx com.tr com.tw com.vn""",
    "live": """com ca fr de it be nl se no dk at cl ie jp cn hk in ru co.kr co.uk co.za com.ar com.au com.mx com.my
        com.ph com.pt com.sg""",
    "outlook": """com es fr de it be at cl cz dk hu ie in jp kr lv my ph pt sa sg sk co.id co.il co.th com.ar com.au
        com.br com.gr com.mx com.tr com.vn""",
    "aol": "com es fr de it co.uk com.ar com.br com.mx",
    "gmx": "com net us es de at ch fr co.uk",
    "terra": "es com.br com.mx",
}
_PROVIDERS = """
    gmail.com google.com icloud.com msn.com passport.com windowslive.com aim.com cs.com compuserve.com netscape.net
    ymail.com rocketmail.com myyahoo.com yahooxtra.co.nz
    mail.com email.com usa.com post.com myself.com consultant.com engineer.com techie.com writeme.com iname.com
    dr.com cheerful.com accountant.com europe.com asia.com linuxmail.org
    fastmail.com fastmail.fm fastmail.net fastmail.org fastmail.us sent.com pobox.com
    proton.me protonmail.ch tutanota.com tutanota.de tutamail.com tuta.com tuta.io keemail.me
    zoho.com zohomail.com hey.com hushmail.com hush.com startmail.com runbox.com posteo.de posteo.net mailbox.org
    disroot.org riseup.net inbox.com lycos.com excite.com rediffmail.com
    yandex.com yandex.ru ya.ru mail.ru bk.ru list.ru inbox.ru qq.com foxmail.com 163.com 126.com sina.com
    naver.com daum.net hanmail.net nate.com seznam.cz wp.pl o2.pl onet.pl
    web.de t-online.de freenet.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it
    btinternet.com bigpond.com shaw.ca rogers.com sympatico.ca bell.net telus.net videotron.ca
"""
# Addresses that hide another one.
_RELAYS = """
    appleid.com duck.com mozmail.com firefox.com
    simplelogin.com simplelogin.co simplelogin.fr simplelogin.io aleeas.com slmails.com silomails.com slmail.me
    dralias.com 8alias.com 8shield.net passmail.net passmail.com passinbox.com passfwd.com
    anonaddy.com anonaddy.me addy.io addymail.com 4wrd.cc mailer.me 33mail.com burnermail.io
"""
# Internet providers of the United States, Mexico, Spain and Latin America, whose customers get a mailbox.
_INTERNET_PROVIDERS = """
    att.net sbcglobal.net bellsouth.net swbell.net pacbell.net ameritech.net flash.net nvbell.net snet.net wans.net
    prodigy.net currently.com
    charter.net spectrum.net rr.com roadrunner.com twc.com brighthouse.com
    comcast.net xfinity.com cox.net optimum.net optonline.net suddenlink.net cebridge.net cableone.net sparklight.net
    frontier.com frontiernet.net citlink.net verizon.net gte.net bellatlantic.net
    centurylink.net centurytel.net embarqmail.com q.com qwest.net windstream.net valornet.com alltel.net
    consolidated.net grandecom.net rcn.com wowway.com entouch.net gvtc.com hctc.net etex.net eastex.net
    tds.net mchsi.com mediacombb.net hawaiiantel.net gci.net hughes.net wildblue.net exede.net
    earthlink.net mindspring.com netzero.net netzero.com juno.com peoplepc.com
    prodigy.net.mx telmex.com infinitum.com.mx cablevision.net.mx megared.net.mx axtel.net
    telefonica.net movistar.es ono.com orange.es uol.com.br bol.com.br ig.com.br cantv.net une.net.co
"""
PUBLIC_DOMAINS = frozenset(
    f"{name}.{ending}" for name, endings in _REGIONAL.items() for ending in endings.split()
) | frozenset((_PROVIDERS + _RELAYS + _INTERNET_PROVIDERS).split())

# Here a customer gets a domain below the provider's, with as many addresses as there are names.
PERSONAL_SUBDOMAINS = frozenset(
    """
    fastmail.com fastmail.fm mozmail.com anonaddy.com anonaddy.me addymail.com 4wrd.cc mailer.me 33mail.com
    aleeas.com simplelogin.com simplelogin.co
    """.split()
)
