namespace Ostler.Testing;

/// <summary>The repository in which the running test was built.</summary>
public static class Repository
{
    /// <summary>The folder of operator.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string Config { get; } = Path.Combine(Root, "config");

    public static string Chart { get; } = Path.Combine(Root, "charts", "ostler");

    private static string FindRoot(string folder) =>
        File.Exists(Path.Combine(folder, "operator.sln"))
            ? folder
            : FindRoot(Directory.GetParent(folder)?.FullName ?? throw new DirectoryNotFoundException($"There is no operator.sln above {AppContext.BaseDirectory}."));
}
