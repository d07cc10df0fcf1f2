namespace Ostler.Agent.Tests.Support;

/// <summary>Recorded outputs: our own, and those that may lie in a folder <c>shared</c> beside the repository.</summary>
internal static class Shared
{
    /// <summary>The folder of recorded outputs beside the repository, or null.</summary>
    public static string? Samples { get; } = Find();

    public const string WhyNot = "There is no folder ../shared/backends/samples beside the repository.";

    public static string Own(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Testdata", "ostree-2022.7", name));

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            // A worktree may lie one folder deeper than the repository does.
            var candidate = Path.Combine(folder.FullName, "shared", "backends", "samples");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
