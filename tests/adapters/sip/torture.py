"""The 49 torture cases of RFC 4475, each with our own names and the very same trick.

A case says what is done with it and why in a word. Where the RFC leaves a choice we are liberal if
nothing of the message that we use is in doubt, and refuse it otherwise: a caller whose telephone
writes a date wrongly still reaches the line.
"""

from tests.adapters.sip.entrance import NUMBER, OFFER
from tests.adapters.sip.torture_case import (
    BAD,
    HOST,
    PORT,
    Case,
    invite,
    lines_of,
    long,
    options,
    register,
    response,
)

ODD = "!odd-Method0123456789_*+`.%surely'~and-longer-than-most"
PARTS = "--edge\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
BINARY = f"{PARTS}--edge\r\n\r\n\0\x01\udcff\udc80\r\n--edge--\r\n"
SCATTERED = f"""INVITE sip:{NUMBER}@{HOST};neverheard SIP/2.0
TO :
 sip:{NUMBER}@{HOST} ;   tag    = 1977n
from   : "A Caller \\\\\\""       <sip:anonymous@{HOST}>
  ;
  tag = 98wsinv
MaX-fOrWaRdS: 0068
Call-ID: wsinv.4475@{HOST}
Content-Length   : {len(OFFER)}
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    {HOST}:{PORT};branch=390wsinv
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.{HOST};lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.{HOST}   ;
  branch  =   z9hG4bK9wsinv  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30wsinv
m:"Quoted \\"\\"" <sip:anonymous@{HOST}> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

{OFFER}"""

VALID = (
    Case(
        name="wsinv",
        why="read, folded lines and all; its To has a tag, and there is no such call",
        code=481,
        text=SCATTERED,
    ),
    options(
        "intmeth",
        "a method that nobody knows, of every sign that one may have",
        501,
        method=ODD,
        says="Allow: INVITE",
        start=f"{ODD} sip:1_odd~(to-be!sure)&is+it$/mad?,/;;*:&it=1,pas$wo~d_(no)@{HOST} SIP/2.0",
        via=f"Via: SIP/2.0/TCP {HOST}:{PORT};branch=z9hG4bK-.!%66*_+`'~",
        to=f'To: "BEL:\\\a NUL:\\\0 DEL:\\\x7f" <sip:1_odd~(to-be!sure)&is+it$/mad?,/;;*@{HOST}>',
        sender="From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
        ";fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.",
        call="Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
        hops="Max-Forwards: 255",
        more="extensionHeader-!.%*+_`'~:\ufeff大停電",
    ),
    invite(
        "esc01",
        "the number is told from its escaped signs, once and no further",
        start=f"INVITE sip:sips%3Auser%40example.com@{HOST} SIP/2.0",
        to=f"To: sip:%2B44163296%30001@{HOST}",
        sender=f"From: <sip:I%20have%20spaces@{HOST}>;tag=938",
        contact=f"Contact:\n  <sip:cal%6Cer@{HOST};%6C%72;n%61me=v%61lue%25%34%31>",
    ),
    register(
        "escnull",
        "well formed, but nobody registers with us",
        to=f"To: sip:null-%00-null@{HOST}",
        sender=f"From: sip:null-%00-null@{HOST};tag=839",
        contact=f"Contact: <sip:%00@{HOST}>\nContact: <sip:%00%00@{HOST}>",
        length="L:0",
    ),
    options(
        "esc02",
        "a % is no escape in a method: nobody knows this one",
        501,
        method="RE%47IST%45R",
        to=f'To: "%Z%45" <sip:resource@{HOST}>',
        sender=f'From: "%Z%45" <sip:resource@{HOST}>;tag=f232',
        contact=f"Contact: <sip:a1@{HOST}>\nC%6Fntact: <sip:a2@{HOST}>\nContact: <sip:a3@{HOST}>",
    ),
    options(
        "lwsdisp",
        "no space between a name and its address is needed",
        sender=f"From: caller<sip:caller@{HOST}>;tag=323",
    ),
    invite(
        "longreq",
        "long, and no longer than anybody may be",
        to=f'To: "I have a name of {long("extreme", 10)} proportion" <sip:{NUMBER}@{HOST}:6000;'
        f"p1=very{long('long', 20)}value;{long('long', 25)}Name=x;very{long('long', 25)}None>",
        sender=f"F: sip:{long('amazingly', 5)}@{HOST};tag=12{long('982', 50)}424;"
        f"unknown{long('header', 20)}name=unknown{long('value', 15)}",
        call=f"Call-ID: longreq.one{long('really', 20)}longcallid",
        via=f"Via: SIP/2.0/UDP {HOST}:{PORT}\n"
        + "\n".join(
            f"{('v', 'V', 'via')[n % 3]}: SIP/2.0/TCP sip{n}.{HOST};branch="
            f"very{long('long', 50)}branch{n}"
            for n in range(33)
        ),
        more=f"Unknown-{long('Long', 20)}-Name: unknown-{long('long', 20)}-value; "
        f"unknown-{long('long', 20)}-parameter-name = unknown-{long('long', 20)}-value",
        contact=f"Contact: <sip:{long('amazingly', 5)}@{HOST}>",
    ),
    register(
        "dblreq",
        "the first request alone counts; the call behind its end is filling",
        length="Content-Length: 0\n\n" + lines_of("dblreq2", "INVITE", OFFER, {}),
    ),
    options(
        "semiuri",
        "a semicolon is part of the name here",
        start=f"OPTIONS sip:user;par=u%40example.net@{HOST} SIP/2.0",
    ),
    options(
        "transports",
        "ways that others have come by are no matter to us",
        via="\n".join(
            f"Via: SIP/2.0/{kind} {HOST}:{PORT};branch=z9hG4bK{kind}"
            for kind in ("UDP", "SCTP", "TLS", "UNKNOWN", "TCP")
        ),
    ),
    options(
        "mpart01",
        "well formed, with bytes of any kind in it; but we take no such messages",
        405,
        method="MESSAGE",
        body=BINARY,
        kind='Content-Type: multipart/mixed;boundary="edge"',
    ),
    response(
        "unreason",
        "answers nothing of ours",
        "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое",
    ),
    response("noreason", "answers nothing of ours", "SIP/2.0 100 "),
)

INVALID = (
    invite(
        "badinv01",
        "a Via with separators between nothing",
        400,
        BAD,
        via=f"Via: SIP/2.0/UDP {HOST}:{PORT};;,;,,",
        contact=f'Contact: "Joe" <sip:joe@{HOST}>;;;;',
    ),
    invite("clerr", "shorter than it says", 400, BAD, length="Content-Length: 9999"),
    invite("ncl", "no body is shorter than nothing", 400, BAD, length="Content-Length: -999"),
    options(
        "scalar02",
        "a CSeq that is too great",
        400,
        BAD,
        method="REGISTER",
        cseq="CSeq: 36893488147419103232 REGISTER",
        hops="Max-Forwards: 300",
        more="Expires: 1" + "0" * 99,
        contact=f"Contact: <sip:user@{HOST}>;expires=280297596632815",
    ),
    response(
        "scalarlg",
        "a response with a CSeq that is too great is dropped",
        "SIP/2.0 503 Service Unavailable",
        BAD,
        cseq="CSeq: 9292394834772304023312 OPTIONS",
        more='Retry-After: 949302838503028349304023988\nWarning: 1812 overture "In Progress"',
    ),
    invite(
        "quotbal",
        "the quote that is missing can be told: the address is plain",
        to=f'To: "Mr. J. User <sip:{NUMBER}@{HOST}>',
    ),
    invite(
        "ltgtruri", "its address is none", 400, BAD, start=f"INVITE <sip:{NUMBER}@{HOST}> SIP/2.0"
    ),
    invite(
        "lwsruri", "its address is torn", 400, BAD, start=f"INVITE sip:{NUMBER}@{HOST}; lr SIP/2.0"
    ),
    invite(
        "lwsstart",
        "its first line is torn",
        400,
        BAD,
        start=f"INVITE  sip:{NUMBER}@{HOST}  SIP/2.0",
    ),
    options(
        "trws", "its first line goes on", 400, BAD, start=f"OPTIONS sip:{NUMBER}@{HOST} SIP/2.0  "
    ),
    invite(
        "escruri",
        "headers in its address are left alone",
        start=f"INVITE sip:{NUMBER}@{HOST}?Route=%3Csip:example.com%3E SIP/2.0",
    ),
    invite("baddate", "nobody here asks for its date", more="Date: Fri, 01 Jan 2010 16:00:00 EST"),
    register(
        "regbadct",
        "nobody registers with us, whatever the Contact",
        contact=f"Contact: sip:user@{HOST}?Route=%3Csip:sip.example.com%3E",
    ),
    options(
        "badaspec",
        "spaces around an address that nobody here follows",
        sender=f'From: "Bell, Alexander" <sip:a.g.bell@{HOST}>;tag=433423',
        to=f'To: "Watson, Thomas" < sip:t.watson@{HOST} >',
    ),
    options(
        "baddn",
        "a name with a comma that nobody here reads",
        sender=f"From: Bell, Alexander <sip:a.g.bell@{HOST}>;tag=43",
        to=f"To: Watson, Thomas <sip:t.watson@{HOST}>",
    ),
    options(
        "badvers",
        "of a version to come",
        505,
        BAD,
        start=f"OPTIONS sip:{NUMBER}@{HOST} SIP/7.0",
        via=f"Via: SIP/7.0/UDP {HOST}:{PORT};branch=z9hG4bKbadvers",
    ),
    options("mismatch01", "its CSeq is of another method", 400, BAD, cseq="CSeq: 8 INVITE"),
    options(
        "mismatch02",
        "its CSeq is of another method, and its own is unknown",
        400,
        BAD,
        method="NEWMETHOD",
        cseq="CSeq: 8 INVITE",
    ),
    response(
        "bigcode",
        "a code that none has is dropped",
        "SIP/2.0 4294967301 better not break the receiver",
        BAD,
    ),
)

OF_TRANSACTIONS = (
    options(
        "badbranch",
        "a branch of nothing but the cookie names nothing: told by its call",
        via=f"Via: SIP/2.0/UDP {HOST}:{PORT};branch=z9hG4bK",
    ),
)

OF_MEANING = (
    invite(
        "insuf",
        "who calls whom is not said, but the way back is",
        400,
        BAD,
        call="",
        sender="",
        to="",
        hops="",
    ),
    options("unkscm", "a scheme that nobody knows", 416, start="OPTIONS noScheme:opaque SIP/2.0"),
    options(
        "novelsc",
        "a scheme, but none of telephones",
        416,
        start="OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0",
    ),
    register(
        "unksm2",
        "nobody registers with us, by whatever scheme",
        to="To: isbn:2983792873",
        sender="From: <http://www.example.com>;tag=3234233",
        contact="Contact: <name:John_Smith>",
    ),
    options(
        "bext01",
        "requires what nobody has",
        420,
        {"extension": 1},
        says="Unsupported: nothingHasThis, nothingHasThisEither",
        more="Require: nothingHasThis, nothingHasThisEither\nProxy-Require: norThis, norThat",
    ),
    invite(
        "invut",
        "a body of no kind that we know",
        415,
        {"body": 1},
        says="Accept: application/sdp",
        kind="Content-Type: application/unknownformat",
    ),
    register(
        "regaut01",
        "nobody registers with us, however it is proved",
        more="Authorization: NoOneKnowsThisScheme opaque-data=here",
    ),
    invite(
        "multi01",
        "says twice what may be said once",
        400,
        BAD,
        more="CSeq: 59 INVITE\nCall-ID: multi01.second@example.net\nMax-Forwards: 5\n"
        "From: <sip:other@example.net>;tag=3413\nTo: <sip:other@example.net>",
    ),
    options(
        "mcl01", "gives two lengths", 400, BAD, more="Content-Length: 5", body="There's no way"
    ),
    response(
        "bcast",
        "somebody else has asked for it",
        "SIP/2.0 200 OK",
        via=f"Via: SIP/2.0/UDP {HOST}:{PORT};branch=z9hG4bKbcast\n"
        "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1cast",
    ),
    options("zeromf", "goes no further, and has no need to", hops="Max-Forwards: 0"),
    register(
        "cparam01",
        "nobody registers with us, parameter of the header or not",
        contact=f"Contact: sip:+441632960555@{HOST};unknownparam",
    ),
    register(
        "cparam02",
        "nobody registers with us, parameter of the address or not",
        contact=f"Contact: <sip:+441632960555@{HOST};unknownparam>",
    ),
    register(
        "regescrt",
        "nobody registers with us, with a route or without",
        contact=f"Contact: <sip:user@{HOST}?Route=%3Csip:sip.example.com%3E>",
    ),
    invite(
        "sdp01",
        "would not understand our answer",
        406,
        {"body": 1},
        more="Accept: text/nobodyKnowsThis",
    ),
    invite(
        "inv2543",
        "calls as in the time before tags, branches and hops",
        sender=f"From: <sip:anonymous@{HOST}>",
        via=f"Via: SIP/2.0/UDP {HOST}:{PORT}",
        cseq="CSeq: 0 INVITE",
        hops="",
        more="Supported: 100rel\nExpires: 180",
    ),
)
RFC_4475 = (*VALID, *INVALID, *OF_TRANSACTIONS, *OF_MEANING)
