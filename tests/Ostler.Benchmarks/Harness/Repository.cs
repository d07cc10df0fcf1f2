namespace Ostler.Benchmarks.Harness;

/// <summary>The repository that this program was built in.</summary>
internal static class Repository
{
    /// <summary>A folder or file in it.</summary>
    public static string Folder(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "operator.sln")))
            {
                return Path.Combine(folder.FullName, path);
            }
        }

        throw new DirectoryNotFoundException("Run the benchmarks from within the repository: they install what config/ holds.");
    }
}
