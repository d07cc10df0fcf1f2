using System.Runtime.CompilerServices;

namespace Ostler.Testing;

/// <summary>Compares a text with the one that was approved and committed.</summary>
/// <remarks>With <c>OSTLER_UPDATE_GOLDEN=1</c> the files are written instead of compared: look at the difference in git before
/// committing it.</remarks>
public static class Golden
{
    public const string UpdateVariable = "OSTLER_UPDATE_GOLDEN";

    /// <summary>Compares with <c>Testdata/<paramref name="name"/></c> beside the calling test.</summary>
    /// <param name="actual">What the code made; line ends are compared as \n, and one is added at the end if there is none.</param>
    /// <param name="name">The file below Testdata, for example <c>canary-fails/narrative.txt</c>.</param>
    /// <param name="callerFile">Filled in by the compiler.</param>
    /// <exception cref="GoldenMismatchException">They differ, or nothing was approved yet; the message shows the first difference,
    /// and the text is left beside the file, as <c>&lt;name&gt;.received.&lt;extension&gt;</c>.</exception>
    public static void Verify(string actual, string name, [CallerFilePath] string callerFile = "") =>
        Verify(actual, Path.Combine(SourceFolder(callerFile), "Testdata", name), Environment.GetEnvironmentVariable(UpdateVariable) == "1");

    /// <summary>Compares with a file that is not beside the calling test.</summary>
    /// <param name="actual">What the code made.</param>
    /// <param name="path">The file, from the root of the repository.</param>
    /// <exception cref="GoldenMismatchException">As of <see cref="Verify(string, string, string)"/>.</exception>
    public static void VerifyFile(string actual, string path) =>
        Verify(actual, Path.Combine(Repository.Root, path), Environment.GetEnvironmentVariable(UpdateVariable) == "1");

    internal static void Verify(string actual, string path, bool update)
    {
        actual = Normalize(actual);
        var received = Path.ChangeExtension(path, ".received" + Path.GetExtension(path));
        if (update)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            File.Delete(received);
            return;
        }

        var expected = File.Exists(path) ? Normalize(File.ReadAllText(path)) : null;
        if (expected == actual)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(received, actual);
        var difference = expected is null ? "It does not exist yet.\n" : FirstDifference(expected, actual);
        throw new GoldenMismatchException($"""
            {path} differs from what was made.
            {difference}
            What was made is in {received}
            To approve it, run the test again with {UpdateVariable}=1.
            """);
    }

    private static string Normalize(string text)
    {
        text = text.ReplaceLineEndings("\n");
        return text.EndsWith('\n') ? text : text + "\n";
    }

    /// <summary>The first line that differs, with two lines before it and a mark under the first character that differs.</summary>
    private static string FirstDifference(string expected, string actual)
    {
        var (approved, made) = (expected.Split('\n'), actual.Split('\n'));
        var line = approved.Zip(made).TakeWhile(pair => pair.First == pair.Second).Count();
        var context = approved.Take(line).Select((text, index) => $"  {index + 1,5}   {text}").TakeLast(2);

        // Split leaves an empty last part after the last line end: it stands for the end of the text.
        var (approvedLine, madeLine) = (LineOrEnd(approved), LineOrEnd(made));
        var column = approvedLine.Zip(madeLine).TakeWhile(pair => pair.First == pair.Second).Count();
        return string.Join('\n',
        [
            $"First difference in line {line + 1}, column {column + 1}:",
            .. context,
            $"- {line + 1,5}   {approvedLine}",
            $"+ {line + 1,5}   {madeLine}",
            new string(' ', 10 + column) + "^",
        ]);

        string LineOrEnd(string[] lines) => line < lines.Length - 1 ? lines[line] : "(end of text)";
    }

    /// <summary>The folder of the test's source. A build for CI replaces the root of the repository in compiled paths by /_/.</summary>
    private static string SourceFolder(string callerFile)
    {
        const string MappedRoot = "/_/";
        var path = callerFile.StartsWith(MappedRoot, StringComparison.Ordinal)
            ? Path.Combine(Repository.Root, callerFile[MappedRoot.Length..])
            : callerFile;
        return Path.GetDirectoryName(path)!;
    }
}

/// <summary>A text is not what was approved.</summary>
public sealed class GoldenMismatchException(string message) : Exception(message);
