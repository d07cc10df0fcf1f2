namespace Ostler.Testing.Tools;

/// <summary>Programs that tests use and machines need not have: fetched once per user and kept in the cache.</summary>
internal static class ProgramCache
{
    private static readonly SemaphoreSlim Filling = new(1);

    /// <summary>The folder <paramref name="name"/> of the cache, filled when it is not there.</summary>
    /// <param name="name">Name the version in it where it matters: what is there is never looked at again.</param>
    /// <param name="fill">Puts the content into the given folder; returns null, or why that cannot be done here.</param>
    /// <param name="cancellationToken">Ends the work; nothing half made is left behind.</param>
    public static async Task<(string? Folder, string WhyNot)> GetAsync(
        string name, Func<string, CancellationToken, Task<string?>> fill, CancellationToken cancellationToken)
    {
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var folder = Path.Combine(home, "ostler", name);
        await Filling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Directory.Exists(folder) ? (folder, "") : await FillAsync(folder, fill, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Filling.Release();
        }
    }

    // Beside the cache and moved into it whole: another test process may be at the same.
    private static async Task<(string? Folder, string WhyNot)> FillAsync(
        string folder, Func<string, CancellationToken, Task<string?>> fill, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        var scratch = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}");
        try
        {
            if (await fill(scratch.FullName, cancellationToken).ConfigureAwait(false) is { } whyNot)
            {
                return (null, whyNot);
            }

            Directory.Move(scratch.FullName, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
        }
        finally
        {
            // Gone when it was moved.
            if (Directory.Exists(scratch.FullName))
            {
                Directory.Delete(scratch.FullName, recursive: true);
            }
        }

        return (folder, "");
    }
}
