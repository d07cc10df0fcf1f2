namespace Ostler.Rollout.Health;

/// <summary>How one try of a check ended.</summary>
public enum CheckOutcome
{
    Passed,

    /// <summary>It was made, and the answer is no.</summary>
    False,

    /// <summary>It could not be made: nothing is known of what it asks.</summary>
    Error,

    /// <summary>It was made, and there is nothing to judge: no sample, no object, no field, no pod.</summary>
    Missing,
}

/// <summary>What one try found.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">Why, for people; stable while nothing changes, so that it can stand in a status.</param>
public readonly record struct CheckFinding(CheckOutcome Outcome, string Message)
{
    public static CheckFinding Pass(string message = "") => new(CheckOutcome.Passed, message);

    public static CheckFinding No(string message) => new(CheckOutcome.False, message);

    public static CheckFinding Error(string message) => new(CheckOutcome.Error, message);

    public static CheckFinding Missing(string message) => new(CheckOutcome.Missing, message);
}

/// <summary>What the tries of a check have come to. Kept in memory only: who loses it begins to count again, and that is all.</summary>
/// <param name="Name">The check's name.</param>
/// <param name="Outcome">How the last try ended.</param>
/// <param name="Message">What it found.</param>
/// <param name="InARow">How many tries in a row ended like this.</param>
/// <param name="At">When the last one was made.</param>
public sealed record CheckObservation(string Name, CheckOutcome Outcome, string Message, int InARow, DateTimeOffset At)
{
    /// <summary>With one more try. Enough of the same are not counted further.</summary>
    public static CheckObservation After(CheckObservation? former, string name, CheckFinding finding, DateTimeOffset at) => new(
        name, finding.Outcome, finding.Message, former?.Outcome == finding.Outcome ? Math.Min(former.InARow + 1, 1000) : 1, at);

    /// <summary>Whether it says something else than before, or says the same for the first time often enough.</summary>
    public bool IsNews(CheckObservation? former, int successes) =>
        former is null
        || former.Outcome != Outcome
        || former.Message != Message
        || (Outcome == CheckOutcome.Passed ? InARow <= successes : InARow == CheckKinds.PersistentErrorThreshold);
}
