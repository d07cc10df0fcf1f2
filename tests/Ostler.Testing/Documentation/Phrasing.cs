using System.Text.RegularExpressions;

namespace Ostler.Testing.Documentation;

/// <summary>A phrase that text for users does not have.</summary>
/// <param name="Form">The phrase.</param>
/// <param name="Instead">What to say.</param>
/// <param name="Example">A sentence with the phrase, which proves that the expression finds it.</param>
public sealed record PhraseRule(Regex Form, string Instead, string Example);

/// <summary>A phrase that was found.</summary>
public sealed record PhraseFinding(string Phrase, string Instead)
{
    public override string ToString() => $"\"{Phrase}\": say {Instead}";
}

/// <summary>
/// The right column of the glossary, as expressions. <see cref="In"/> takes any text that a user reads: prose of a document
/// (<see cref="Prose"/>), a message, a description of a field. The caller removes code, commands and names, because names are API.
/// </summary>
public static class Phrasing
{
    /// <summary>In the order of the glossary.</summary>
    public static IReadOnlyList<PhraseRule> Rules { get; } =
    [
        // "Source tree" and "work tree" are git's words.
        Rule("(?<!source |work |working )trees?", "image, deployment or version", "The tree is healthy."),
        Rule("former", "previous", "It runs its former image."),
        Rule("(go|goes|going|gone|went) back", "roll back", "The node goes back by itself."),
        Rule("(tak(e|es|en|ing)|took)( (it|them|itself|nodes?|the node|a node))? back", "roll back", "The node is taken back."),
        Rule("ways? back", "rollback", "There is always a way back."),
        Rule("tells?|told|telling", "report, say, show or instruct", "The agent tells the controller."),
        Rule("(giv(e|es|en|ing)|gave)( (it|them|nodes?|the node|a node))? back", "release", "The node is given back."),
        Rule("(lays?|laid|laying)( \\w+)? down", "stage or deploy", "The image is laid down."),
        Rule("(bring|brings|brought|come|comes|came)( \\w+){0,2} to (an|its|their|the) end",
            "finish or complete", "Nodes in flight are brought to an end."),
        Rule("mend(s|ed|ing)?", "fix or resolve", "Mend the check."),
        Rule("(see|sees|saw|seeing) to|looks? (at|after)|looked (at|after)|looking (at|after)", "check or inspect", "See to the node."),
        Rule("a person|persons?|somebody|people|nobody|whoever",
            "user, administrator, no one, or the imperative", "Somebody uncordoned it."),
        Rule("anew|once more", "again", "It is tried anew."),
        Rule("any ?more", "no longer", "It is not there any more."),
        Rule("own words|words of (the|a) (tool|host|registry|server)",
            "output, message or error text", "The message has the tool's own words."),
        Rule("under way", "in progress or in flight", "An upgrade is under way."),
        Rule("(?<=, )too(?=[ .;:)]|$)", "also or as well", "This one, too.", wholeWord: false),
        Rule("what is so", "meaning", "This is what is so."),
        Rule("the word(?= under| for)|words? for(?= \")", "reason", "The word under REASON."),
        Rule("beside (its|their|the node's) work", "while workloads keep running", "It stages beside its work."),
        Rule("(is|are|was|were) (well|ill)(?=[.,;:)]|$| and | or | but )", "healthy or unhealthy", "The node is ill."),
        Rule("(is|are|was|were) (still )?at work", "is running, or is using", "Another program is at work."),
        Rule("for ever", "forever", "It waits for ever."),
        Rule("(is|are|be|was|were) away", "unavailable", "The registry is away."),
        Rule("(is|are|was|were) (not )?there(?=[.,;:)]|$)", "exists, or is present", "The image is not there."),
        Rule("as many (nodes )?as may be", "at most, or up to", "As many as may be are cordoned."),
        Rule("time (is|was) up", "the timeout expired, or the deadline passed", "The time was up."),
        Rule("till", "until", "It waits till then."),
        Rule("in vain", "without success, or leave it out", "It was cordoned in vain."),
        Rule("whereof|wherein|therein|thereof|hitherto", "plain words", "It is thereof."),
    ];

    /// <summary>What of the text is in the right column of the glossary.</summary>
    public static IEnumerable<PhraseFinding> In(string text) =>
        from rule in Rules
        from Match match in rule.Form.Matches(text)
        select new PhraseFinding(match.Value, rule.Instead);

    private static PhraseRule Rule(string form, string instead, string example, bool wholeWord = true) => new(
        new(wholeWord ? $@"\b(?:{form})(?!\w)" : form, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase), instead, example);
}
