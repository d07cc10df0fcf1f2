using System.Text.RegularExpressions;
using Ostler.Testing.Documentation;

namespace Ostler.Console.Tests;

/// <summary>The commands that the page offers are those that reasons.md advises, which tests of the command line run.</summary>
public sealed partial class ConsoleCommandsTests
{
    [Fact]
    public void Every_reason_that_a_command_resolves_has_it_on_the_page()
    {
        var advised = Reason().Matches(File.ReadAllText(Path.Combine(Documents.Root, "config", "docs", "reasons.md")))
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value, StringComparer.Ordinal);
        advised["ImageQuarantined"] = advised["Quarantined"];
        var script = File.ReadAllText(Path.Combine(Documents.Root, "src", "Ostler.Controller", "Console", "Web", "commands.js"));
        var offered = Entry().Matches(script[script.IndexOf("const byReason", StringComparison.Ordinal)..script.IndexOf("function quarantine", StringComparison.Ordinal)])
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value switch { "quarantine" => "quarantine remove", var verb => verb },
                StringComparer.Ordinal);

        Assert.InRange(advised.Count, 8, 50);
        Assert.Equal(advised.OrderBy(a => a.Key, StringComparer.Ordinal), offered.OrderBy(o => o.Key, StringComparer.Ordinal));
    }

    [GeneratedRegex("^\\| `([A-Za-z]+)` .*kubectl ostler (retry|approve|resume|rollback|quarantine remove)", RegexOptions.Multiline)]
    private static partial Regex Reason();

    [GeneratedRegex("^  ([A-Z][A-Za-z]+): (?:ofPolicy\\('|.*`kubectl ostler )?([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
