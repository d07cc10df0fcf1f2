using System.Diagnostics;

namespace Ostler.FakeHostTools.Tools;

/// <summary>The real ostree of the host.</summary>
internal static class Ostree
{
    public const string Repository = "--repo=/ostree/repo";

    /// <summary>Runs it to its end and returns what it printed.</summary>
    /// <exception cref="ToolException">It failed: its own words behind the given ones, as the tools that are built on its library chain
    /// them.</exception>
    public static string Run(string doing, params string[] arguments)
    {
        var (code, stdout, stderr) = Try(arguments);
        return code == 0 ? stdout : throw new ToolException($"{doing}: {stderr.Trim().Replace("error: ", "", StringComparison.Ordinal)}");
    }

    public static (int Code, string Stdout, string Stderr) Try(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ostree", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var stderr = process.StandardError.ReadToEndAsync();
        var stdout = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, stdout, stderr.Result);
    }

    /// <summary>A string of a commit's metadata, or null.</summary>
    public static string? Metadata(string commit, string key) =>
        Try(Repository, "show", "--print-metadata-key=" + key, commit) is (0, var text, _) ? text.Trim().Trim('\'') : null;
}
