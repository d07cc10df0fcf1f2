namespace Ostler.Cli.Tests;

/// <summary>The repository that this assembly was built in.</summary>
internal static class Repository
{
    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("There is no operator.sln above the tests.");
    }
}
