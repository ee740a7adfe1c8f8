//! Who they are.

use saathii_shared_types::users::Sex::{self, Female, Male};

pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) sex: Sex,
    pub(super) language: &'static str,
    pub(super) interests: &'static str,
    pub(super) bio: &'static str,
    pub(super) is_listener: bool,
}

/// The admin and the caller whom the start offers for logging in; the simulated life leaves them alone.
pub(super) const ADMIN: usize = 0;
pub(super) const CALLER: usize = 1;

pub(super) fn is_yours(index: usize) -> bool {
    index == ADMIN || index == CALLER
}

/// Listeners who wait for their review, so that the queue is not empty; all others are verified.
const WAITING: [usize; 4] = [7, 16, 24, 29];

pub(super) fn is_waiting(index: usize) -> bool {
    WAITING.contains(&index)
}

/// Verified listeners.
pub(super) fn may_be_called(index: usize) -> bool {
    PEOPLE[index].is_listener && !is_waiting(index)
}

const fn listener(
    username: &'static str,
    sex: Sex,
    language: &'static str,
    interests: &'static str,
    bio: &'static str,
) -> Person {
    Person { username, sex, language, interests, bio, is_listener: true }
}

const fn caller(username: &'static str, sex: Sex, language: &'static str, interests: &'static str) -> Person {
    Person { username, sex, language, interests, bio: "", is_listener: false }
}

pub(super) static PEOPLE: [Person; 40] = [
    caller("nandini.admin", Female, "en", "books"),
    caller("rohan_k", Male, "en", "cricket music"),
    listener(
        "asha_mehta",
        Female,
        "hi",
        "music family poetry",
        "Twenty years a school counsellor. I have time, and I do not judge.",
    ),
    listener(
        "vikram.s",
        Male,
        "en",
        "work startups running",
        "Left a loud job for a quiet one. Talk to me about work that follows you home.",
    ),
    listener(
        "meera_nair",
        Female,
        "ml",
        "cooking travel grief",
        "I lost my mother last year and learnt to sit with it. You can sit here too.",
    ),
    listener("kabir_d", Male, "hi", "films music heartbreak", "Old songs, long walks, and a good ear after midnight."),
    listener(
        "lakshmi.v",
        Female,
        "ta",
        "yoga parenting sleep",
        "Yoga teacher and mother of twins. Tired people welcome.",
    ),
    listener(
        "arjun_rao",
        Male,
        "te",
        "exams gaming tech",
        "Survived three entrance exams. Ask me how, or just complain.",
    ),
    listener("fatima_z", Female, "ur", "poetry family faith", "I read Faiz aloud and I listen between the lines."),
    listener(
        "joseph.m",
        Male,
        "en",
        "recovery running faith",
        "Nine years sober. One day at a time, one call at a time.",
    ),
    listener(
        "priya_das",
        Female,
        "bn",
        "art books anxiety",
        "Illustrator with a loud head of my own. Slow talk helps.",
    ),
    listener(
        "harpreet_g",
        Male,
        "pa",
        "farming cricket family",
        "From a village near Moga. Simple words, full attention.",
    ),
    listener(
        "sneha.p",
        Female,
        "mr",
        "theatre dating confidence",
        "Stage actor. We can practise the conversation you fear.",
    ),
    listener(
        "imran_q",
        Male,
        "ur",
        "business travel stress",
        "Ran two shops, closed one. Ask me about beginning again.",
    ),
    listener(
        "divya_k",
        Female,
        "kn",
        "tech women career",
        "Engineer, mentor, coffee addict. Let us make the list together.",
    ),
    listener(
        "thomas.j",
        Male,
        "ml",
        "sea loneliness football",
        "Merchant navy for thirty years. I know long silences.",
    ),
    listener("ananya_b", Female, "as", "nature music youth", "Young people who feel old: this line is for you."),
    listener(
        "suresh_i",
        Male,
        "ta",
        "retirement chess news",
        "Retired postmaster. I carried letters, now I carry talk.",
    ),
    listener("zoya_h", Female, "hi", "fashion body dating", "Kind words about mirrors and what they cannot show."),
    listener("gaurav_t", Male, "hi", "fitness anger fatherhood", "Boxing coach. Anger is welcome, then we breathe."),
    listener("ritu.c", Female, "en", "books divorce law", "Once a family lawyer, now only the listening part."),
    listener("manish_v", Male, "gu", "business debt family", "Money worries in plain words, without shame."),
    listener(
        "kavya_r",
        Female,
        "te",
        "dance migration home",
        "Seven cities in ten years. Homesick is a language I speak.",
    ),
    listener("samuel_l", Male, "en", "music faith sleep", "Church pianist. I can talk, or play you something soft."),
    listener("pooja_j", Female, "hi", "nursing night-shifts caring", "Night nurse. Awake when you are."),
    listener("dev.an", Male, "bn", "films football books", "Adda without tea, but I try."),
    listener("nisha_w", Female, "kok", "sea art silence", "We can also just be quiet for a while."),
    listener("aditya_m", Male, "mr", "exams hostel friends", "Final year, hostel veteran, big brother of four."),
    listener("rehana_b", Female, "bn", "tailoring children courage", "Raised three alone. Ask me how."),
    listener("yash_o", Male, "en", "coding remote loneliness", "Remote worker since before it was usual. Say hello."),
    caller("tara_s", Female, "en", "books music"),
    caller("mohit_b", Male, "hi", "cricket films"),
    caller("jaya.l", Female, "ta", "cooking family"),
    caller("faiz_a", Male, "ur", "poetry"),
    caller("ishita_g", Female, "bn", "art"),
    caller("karan_p", Male, "pa", "fitness music"),
    caller("leela_m", Female, "ml", "travel"),
    caller("om_prakash", Male, "hi", "news chess"),
    caller("sana_r", Female, "hi", "dating work"),
    caller("neil_f", Male, "en", "gaming tech"),
];
