using System.Globalization;
using System.Text.RegularExpressions;

namespace Ostler.Testing.Hosts;

/// <summary>One line of <c>ostree admin status</c>; the first one boots next.</summary>
/// <param name="Note">"staged", "pending", "rollback", "finalization locked" or null.</param>
public sealed partial record HostDeployment(string Commit, int Serial, bool Booted, string? Note)
{
    internal static IReadOnlyList<HostDeployment> Parse(string status) =>
    [
        .. Line().Matches(status).Select(match => new HostDeployment(
            match.Groups["commit"].Value,
            int.Parse(match.Groups["serial"].Value, CultureInfo.InvariantCulture),
            match.Groups["booted"].Value == "*",
            match.Groups["note"] is { Success: true } note ? note.Value : null)),
    ];

    [GeneratedRegex(@"^(?<booted>[* ]) \S+ (?<commit>[0-9a-f]{64})\.(?<serial>\d+)(?: \((?<note>[^)]+)\))?", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
