namespace Ostler.Cli.Hosting;

/// <summary>A file that a command line names.</summary>
internal static class InputFile
{
    /// <summary>Its content; <c>-</c> is standard input.</summary>
    /// <exception cref="CommandException">There is no such file, or it cannot be read.</exception>
    public static async Task<string> ReadAsync(string name, TextReader input, CancellationToken cancellationToken)
    {
        try
        {
            return name == "-" ? await input.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(name, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"There is no file {name}. Correct the path, or write - to read standard input.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException(Directory.Exists(name) ? $"{name} is a directory. Name a file in it."
                : $"{name} cannot be read: permission denied.");
        }
    }
}
