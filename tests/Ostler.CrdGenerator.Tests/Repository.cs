namespace Ostler.CrdGenerator.Tests;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string Config { get; } = Path.Combine(Root, "config");

    public static string Testdata { get; } = Path.Combine(Root, "tests", "Ostler.CrdGenerator.Tests", "Testdata");

    private static string FindRoot(string folder) =>
        File.Exists(Path.Combine(folder, "operator.sln")) ? folder : FindRoot(Directory.GetParent(folder)!.FullName);
}
