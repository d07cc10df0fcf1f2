using System.Buffers;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Snapshot;

/// <summary>
/// Judges what an agent reports, where it is read. A node that is compromised or broken harms nobody but itself: what it writes reaches
/// decisions, specs and
/// statuses only in a form that the API server accepts everywhere.
/// </summary>
/// <remarks>
/// Identifiers must be right, or the whole report is dropped. Texts are cleaned, and times that cannot be right are left out: a host
/// whose clock was not set yet is
/// not a fault. The CRD has the same limits; they are checked here as well because objects may be older than the CRD.
/// </remarks>
internal static class ReportRules
{
    private const int LongestWord = 63;
    private const int LongestID = 128;
    private const int LongestVersion = 128;
    private const int LongestToolVersion = 256;
    private const int LongestReference = 1024;
    private const int LongestMessage = 2048;
    private const int MostConditions = 16;
    private const int MostFindings = 8;
    private const int MostNames = 50;
    private const int LongestName = 256;

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> ReasonCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_,:");
    private static readonly SearchValues<char> Control =
        SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl), '\u2028', '\u2029']);

    /// <summary>The report as far as it may be used, and what is wrong with one that is not used at all.</summary>
    public static (NodeOSStatus? Status, string? Problem) Read(NodeOSStatus? reported) => reported is null
        ? (null, null)
        : Problem(reported) is { } problem ? (null, problem) : (Cleaned(reported), null);

    /// <summary>
    /// The agent's side of it: what its host tools say, cut to what the API server stores. A deployment whose digest is none is not
    /// named.
    /// </summary>
    public static NodeOSStatus Limit(NodeOSStatus status) => status with
    {
        BackendVersion = Cut(status.BackendVersion, LongestToolVersion),
        AgentVersion = Cut(status.AgentVersion, LongestVersion),
        Booted = Limit(status.Booted),
        Staged = Limit(status.Staged),
        Rollback = Limit(status.Rollback),
    };

    private static Deployment? Limit(Deployment? tree) => tree is null || Digest("", tree.Digest) is not null
        ? null
        : tree with { Version = Cut(tree.Version, LongestVersion), Reference = Cut(tree.Reference, LongestReference) };

    private static string? Cut(string? text, int longest) => text is null || Line("", text, longest) is null ? text : Clean(text, longest);

    private static string? Problem(NodeOSStatus status) =>
        Negative("attempt", status.Attempt) ?? Negative("observedGeneration", status.ObservedGeneration)
            ?? Negative("softReboots", status.SoftReboots ?? 0)
        ?? Word("backend", status.Backend, LongestWord) ?? Line("backendVersion", status.BackendVersion, LongestToolVersion)
        ?? Line("agentVersion", status.AgentVersion, LongestVersion) ?? Word("bootID", status.BootID, LongestID)
        ?? Tree("booted", status.Booted) ?? Tree("staged", status.Staged) ?? Tree("rollback", status.Rollback)
        ?? (status.LastError is { } error ? Reason("lastError.reason", error.Reason) : null)
        ?? OfConditions(status.Conditions) ?? OfDrift(status.Drift);

    private static string? Tree(string field, Deployment? tree) => tree is null
        ? null
        : Digest($"{field}.digest", tree.Digest) ?? Line($"{field}.version", tree.Version, LongestVersion)
            ?? Line($"{field}.reference", tree.Reference, LongestReference);

    private static string? OfConditions(IReadOnlyList<Condition>? conditions)
    {
        if (conditions?.Count > MostConditions)
        {
            return $"conditions has more than {MostConditions} entries";
        }

        foreach (var condition in conditions ?? [])
        {
            if ((Word("conditions[].type", condition.Type, LongestWord) ?? Reason("conditions[].reason", condition.Reason)) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? OfDrift(DriftStatus? drift)
    {
        if (drift is null)
        {
            return null;
        }

        if (drift.Findings?.Count > MostFindings || drift.EtcFiles?.Count > MostNames || drift.Packages?.Count > MostNames)
        {
            return "drift has too many entries";
        }

        return Line("drift.reason", drift.Reason, LongestWord)
            ?? Negative("drift.etcChanges", drift.EtcChanges)
            ?? drift.Findings?.Select(f => Line("drift.findings[].reason", f.Reason, LongestWord)).FirstOrDefault(p => p is not null)
            ?? (drift.EtcFiles ?? []).Concat(drift.Packages ?? []).Select(n => Line("drift", n, LongestName)).FirstOrDefault(p =>
                p is not null);
    }

    private static string? Negative(string field, long value) => value < 0 ? $"{field} is negative" : null;

    private static string? Digest(string field, string? value)
    {
        var hex = value.AsSpan();
        hex = hex.StartsWith("sha256:", StringComparison.Ordinal) ? hex[7..] : hex;
        return hex.Length == 64 && !hex.ContainsAnyExcept(Hexadecimal) ? null : $"{field} is not a digest";
    }

    private static string? Reason(string field, string? value) =>
        value is { Length: > 0 and <= LongestWord } && char.IsAsciiLetter(value[0]) && value[^1] is not (',' or ':')
            && !value.AsSpan().ContainsAnyExcept(ReasonCharacters)
            ? null
            : $"{field} is not a reason";

    private static string? Word(string field, string? value, int longest) =>
        value is null || (value.Length > 0 && value.Length <= longest && !value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            ? null
            : $"{field} is not a word of at most {longest} characters";

    private static string? Line(string field, string? value, int longest) =>
        value is null || (value.Length <= longest && !value.AsSpan().ContainsAny(Control)) ? null
            : $"{field} is longer than {longest} characters, or has control characters";

    private static NodeOSStatus Cleaned(NodeOSStatus status)
    {
        if (IsClean(status))
        {
            return status;
        }

        return status with
        {
            Timings = status.Timings is { } t
                ? new()
                {
                    StagingStartedAt = Plausible(t.StagingStartedAt),
                    StagedAt = Plausible(t.StagedAt),
                    RebootRequestedAt = Plausible(t.RebootRequestedAt),
                    BootedAt = Plausible(t.BootedAt),
                    HealthyAt = Plausible(t.HealthyAt),
                }
                : null,
            LastError = status.LastError is { } error ? error with
            {
                Message = Clean(error.Message),
                At = Plausible(error.At)
                ?? Earliest
            } : null,
            Conditions = status.Conditions?.Select(c => c with { Message = Clean(c.Message) ?? "" }).ToArray(),
            Reboot = status.Reboot is { } reboot ? reboot with { Message = Clean(reboot.Message) } : null,
            Drift = status.Drift is { } drift
                ? drift with { Findings = drift.Findings?.Select(f => f with { Message = Clean(f.Message) }).ToArray() }
                : null,
        };
    }

    // Most are, and of thousands of reports none need be made anew.
    private static bool IsClean(NodeOSStatus status)
    {
        if (status.Timings is { } t
            && !(IsPlausible(t.StagingStartedAt) && IsPlausible(t.StagedAt) && IsPlausible(t.RebootRequestedAt) && IsPlausible(t.BootedAt)
                && IsPlausible(t.HealthyAt)))
        {
            return false;
        }

        if ((status.LastError is { } error && !(IsPlausible(error.At) && IsClean(error.Message))) || !IsClean(status.Reboot?.Message))
        {
            return false;
        }

        foreach (var condition in status.Conditions ?? [])
        {
            if (!IsClean(condition.Message))
            {
                return false;
            }
        }

        return status.Drift?.Findings?.All(f => IsClean(f.Message)) != false;
    }

    private static bool IsClean(string? text) => text is null || (text.Length <= LongestMessage && !text.AsSpan().ContainsAny(Control));

    private static bool IsPlausible(DateTimeOffset? at) => at is null || (at >= Earliest && at < Latest);

    private static DateTimeOffset? Plausible(DateTimeOffset? at) => IsPlausible(at) ? at : null;

    private static string? Clean(string? text) => text is null || IsClean(text) ? text : Clean(text, LongestMessage);

    private static string Clean(string text, int longest)
    {
        var cut = text.Length > longest ? text[..longest] : text;
        return string.Create(cut.Length, cut, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Control.Contains(from[i]) ? ' ' : from[i];
            }
        });
    }
}
