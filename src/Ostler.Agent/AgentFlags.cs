namespace Ostler.Agent;

/// <summary>The agent's command line: each flag stands for a variable of the environment, and wins over it.</summary>
internal static class AgentFlags
{
    private static readonly Dictionary<string, string> Variables = new(StringComparer.Ordinal)
    {
        ["--host-entry"] = "OSTLER_HOST_ENTRY",
        ["--api-server"] = "OSTLER_API_SERVER",
        ["--api-ca"] = "OSTLER_API_CA",
        ["--api-token-file"] = "OSTLER_API_TOKEN_FILE",
    };

    /// <summary>What is wrong with the command line; null when nothing is.</summary>
    public static string? ProblemOf(IEnumerable<string> arguments)
    {
        foreach (var argument in arguments)
        {
            if (argument.Split('=', 2) is not [var name, var value] || !Variables.ContainsKey(name))
            {
                return $"Unknown argument {argument}; see --help.";
            }

            if (value.Length == 0)
            {
                return $"{name} needs a value.";
            }
        }

        return null;
    }

    /// <summary>The environment with the flags over it. The arguments have no problem.</summary>
    public static Func<string, string?> Over(Func<string, string?> environment, IEnumerable<string> arguments)
    {
        var set = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var argument in arguments)
        {
            var end = argument.IndexOf('=', StringComparison.Ordinal);
            set[Variables[argument[..end]]] = argument[(end + 1)..];
        }

        return variable => set.GetValueOrDefault(variable) ?? environment(variable);
    }
}
