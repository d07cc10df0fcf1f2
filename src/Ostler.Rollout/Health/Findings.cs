using Ostler.Rollout.Text;

namespace Ostler.Rollout.Health;

/// <summary>One finding of several: about several objects, or several labels.</summary>
public static class Findings
{
    private const int Named = 3;

    /// <summary>
    /// All must pass. A no counts for more than a missing answer, and that for more than an error, so that an error never hides that
    /// something is known to be wrong.
    /// </summary>
    /// <param name="findings">At least one; without any there is nothing to judge.</param>
    /// <param name="none">The message when there are none.</param>
    /// <param name="all">What all of them are, for the message when they pass, as in <c>3 nodes</c>.</param>
    public static CheckFinding All(IReadOnlyCollection<CheckFinding> findings, string none, string all = "")
    {
        if (findings.Count == 0)
        {
            return CheckFinding.Missing(none);
        }

        foreach (var outcome in (CheckOutcome[])[CheckOutcome.False, CheckOutcome.Missing, CheckOutcome.Error])
        {
            string[] said = [.. findings.Where(f => f.Outcome == outcome).Select(f => f.Message)];
            if (said.Length > 0)
            {
                return new(outcome, MessageText.Clauses(said, Named));
            }
        }

        return CheckFinding.Pass(findings.Count == 1 ? findings.First().Message : all);
    }
}
