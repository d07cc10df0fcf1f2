using System.Diagnostics;

namespace Ostler.Testing.Hosts;

/// <summary>An archive repository made by the real ostree, in a folder of its own.</summary>
public sealed class OstreeRepositoryOnDisk : IDisposable
{
    private const string Program = "/usr/bin/ostree";

    private readonly string _folder = Directory.CreateTempSubdirectory("ostler-repo").FullName;

    /// <summary>Why there can be none on this machine; null where there can.</summary>
    public static string? WhyNotAvailable => File.Exists(Program) ? null : "ostree is not installed.";

    public OstreeRepositoryOnDisk()
    {
        Directory.CreateDirectory(Tree);
        Ostree(["init", "--mode=archive"]);
    }

    public string Path => System.IO.Path.Combine(_folder, "repo");

    private string Tree => System.IO.Path.Combine(_folder, "tree");

    /// <summary>Commits a tree with a version.</summary>
    /// <returns>The commit.</returns>
    public string Commit(string branch, string version) => CommitWith(branch, $"--add-metadata-string=version={version}");

    /// <summary>Commits a tree with any metadata, as options of <c>ostree commit</c>.</summary>
    public string CommitWith(string branch, params string[] metadata) =>
        Ostree(["commit", $"--branch={branch}", "--subject=A tree", .. metadata, Tree]).Trim();

    /// <summary>Points a branch at another commit.</summary>
    public void Reset(string branch, string commit) => Ostree(["reset", branch, commit]);

    /// <summary>The date of a commit, as ostree itself shows it.</summary>
    public DateTimeOffset DateOf(string commit)
    {
        var line = Ostree(["show", "--raw", commit]).Split('\n').Single(l => l.TrimStart().StartsWith("uint64", StringComparison.Ordinal) || l.Contains(", uint64 ", StringComparison.Ordinal));
        var digits = line[(line.IndexOf("uint64 ", StringComparison.Ordinal) + "uint64 ".Length)..];
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(digits[..digits.IndexOf(',')], System.Globalization.CultureInfo.InvariantCulture));
    }

    public string ObjectPath(string commit) => System.IO.Path.Combine(Path, "objects", commit[..2], commit[2..] + ".commit");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Ostree(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program, [$"--repo={Path}", .. arguments])
        {
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"ostree {arguments[0]} ended with {process.ExitCode}.");
    }
}
