namespace Ostler.Architecture.Tests;

/// <summary>Reports every breach of a rule, each on a line of its own.</summary>
internal static class Breaches
{
    public static void None(IEnumerable<string> breaches)
    {
        string[] found = [.. breaches.Distinct().Order(StringComparer.Ordinal)];
        if (found.Length > 0)
        {
            Assert.Fail($"{found.Length} breaches:\n{string.Join('\n', found)}");
        }
    }
}
