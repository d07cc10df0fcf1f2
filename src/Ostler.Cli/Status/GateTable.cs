using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Status;

/// <summary>The gates of a policy.</summary>
internal static class GateTable
{
    /// <param name="gates">As reported.</param>
    /// <param name="now">The clock of this machine.</param>
    /// <param name="wide">Whether open ones are listed as well.</param>
    public static TextTable Of(IReadOnlyList<GateStatus> gates, DateTimeOffset now, bool wide)
    {
        string[] more = wide ? ["OBSERVED"] : [];
        var table = new TextTable(["GATE", "REASON", "SINCE", .. more, "MESSAGE"]);
        foreach (var gate in gates.Where(g => wide || g.Reason != Reasons.GateOpen))
        {
            string?[] observed = wide ? [gate.ObservedAt is { } at ? $"{Format.Span(now - at)} ago" : null] : [];
            table.Add(
                gate.Reason switch
                {
                    Reasons.GateOpen => Tone.Good,
                    Reasons.GateError or Reasons.GateMissing => Tone.Bad,
                    _ => Tone.Attention,
                },
                [gate.Name, gate.Reason, gate.Since is { } since ? Format.Span(now - since) : null, .. observed, gate.Message]);
        }

        return table;
    }
}
