using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>The real helm, with settings and caches of its own.</summary>
public sealed class Helm : IDisposable
{
    private readonly string _program;
    private readonly string? _kubeconfig;
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("ostler-helm-");

    private Helm(string program, string? kubeconfig) => (_program, _kubeconfig) = (program, kubeconfig);

    /// <param name="kubeconfig">The cluster; null for commands that need none.</param>
    /// <param name="cancellationToken">Ends a download.</param>
    /// <returns>helm, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(Helm? Helm, string WhyNot)> FindAsync(string? kubeconfig, CancellationToken cancellationToken)
    {
        var (program, whyNot) = await KubernetesTools.FindHelmAsync(cancellationToken).ConfigureAwait(false);
        return program is null ? (null, whyNot) : (new(program, kubeconfig), "");
    }

    /// <summary>Runs helm to its end, whatever that is.</summary>
    public Task<CommandResult> TryAsync(CancellationToken cancellationToken, params string[] arguments) => HostCommand.RunAsync(
        [_program, .. arguments],
        cancellationToken,
        new Dictionary<string, string>
        {
            // Without a cluster it must not find that of whoever runs the tests.
            ["KUBECONFIG"] = _kubeconfig ?? "/dev/null",
            ["HELM_CACHE_HOME"] = Path.Combine(_home.FullName, "cache"),
            ["HELM_CONFIG_HOME"] = Path.Combine(_home.FullName, "config"),
            ["HELM_DATA_HOME"] = Path.Combine(_home.FullName, "data"),
        });

    /// <summary>Runs helm, which must succeed, and returns what it printed.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        (await TryAsync(cancellationToken, arguments).ConfigureAwait(false)).EnsureSuccess().Stdout;

    public void Dispose() => _home.Delete(recursive: true);
}
