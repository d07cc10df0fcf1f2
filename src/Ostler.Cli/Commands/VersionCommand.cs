using System.CommandLine;
using System.Reflection;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary><c>version</c>.</summary>
internal static class VersionCommand
{
    /// <summary>The version that this program was built as.</summary>
    public static string Version => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static Command Create(CommandRunner commands) => commands.With(new Command("version", "Show the version of this program"), async (_, _) =>
    {
        await commands.Environment.Out.WriteLineAsync($"kubectl-ostler {Version}");
        return ExitCode.Ok;
    });
}
