namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Compares a text with a file of Testdata. OSTLER_UPDATE_GOLDEN=1 writes the file instead; read the difference before it is committed.</summary>
internal static class Golden
{
    public static void Check(string scenario, string file, string actual)
    {
        var path = Path.Combine(Testdata(), scenario, file);
        if (Environment.GetEnvironmentVariable("OSTLER_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing; OSTLER_UPDATE_GOLDEN=1 writes it:\n{actual}");
        var expected = File.ReadAllText(path).Split('\n');
        var lines = actual.Split('\n');
        for (var i = 0; i < Math.Max(expected.Length, lines.Length); i++)
        {
            var want = i < expected.Length ? expected[i] : "(the end)";
            var got = i < lines.Length ? lines[i] : "(the end)";
            Assert.True(want == got, $"{scenario}/{file}, line {i + 1}\nexpected: {want}\nactual:   {got}\n\nThe whole:\n{actual}");
        }
    }

    private static string Testdata()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var testdata = Path.Combine(folder.FullName, "tests", "Ostler.Rollout.Tests", "Testdata");
            if (Directory.Exists(testdata))
            {
                return testdata;
            }
        }

        throw new DirectoryNotFoundException($"No Testdata above {AppContext.BaseDirectory}.");
    }
}
