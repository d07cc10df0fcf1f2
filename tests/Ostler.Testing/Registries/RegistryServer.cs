using System.Diagnostics;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Testing.Registries;

/// <summary>
/// Debian's real docker-registry on a free loopback port, over HTTP, with its data in a folder of its own that goes with it. Images are
/// made by skopeo and umoci.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    /// <summary>Whom a registry lets in that was started with <c>password: true</c>.</summary>
    public const string User = "edge";

    /// <summary>Its password.</summary>
    public const string Password = "U*U";

    // A test vector of bcrypt, of the password above: the registry reads nothing else.
    private const string Htpasswd = $"{User}:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private RegistryServer(Process process, DirectoryInfo folder, Uri address, bool password)
    {
        _process = process;
        _folder = folder;
        Address = address;
        Content = new(address, password);
        Images = new(folder.CreateSubdirectory("images"), this, password);
    }

    public Uri Address { get; }

    /// <summary>As it stands before an image's name.</summary>
    public string Host => Address.Authority;

    /// <summary>Pushes and deletes what no tool makes: indexes, signatures, and what is wrong.</summary>
    public RegistryContent Content { get; }

    /// <summary>Makes images and pushes them.</summary>
    public ImageTools Images { get; }

    /// <summary>Starts one, and comes back when it answers.</summary>
    /// <returns>The server, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(RegistryServer? Server, string WhyNot)> StartAsync(bool password, CancellationToken cancellationToken)
    {
        foreach (var tool in (string[])["skopeo", "umoci"])
        {
            if (!HostTools.EnsureInstalled(tool, tool))
            {
                return (null, $"{tool} is not installed here, and Debian's package cannot be had.");
            }
        }

        var (program, whyNot) = await DebianPackage.FindAsync("docker-registry", "docker-registry", cancellationToken).ConfigureAwait(false);
        if (program is null)
        {
            return (null, whyNot);
        }

        var folder = Directory.CreateTempSubdirectory("ostler-registry-");
        var address = new Uri($"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}");
        var users = Path.Combine(folder.FullName, "htpasswd");
        await File.WriteAllTextAsync(users, Htpasswd, cancellationToken).ConfigureAwait(false);
        var configuration = Path.Combine(folder.FullName, "config.yml");
        await File.WriteAllTextAsync(
            configuration,
            $"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {folder.FullName}/data}}, delete: {{enabled: true}}}}\nhttp: {{addr: '{address.Authority}'}}\n"
            + (password ? $"auth: {{htpasswd: {{realm: ostler, path: {users}}}}}\n" : ""),
            cancellationToken).ConfigureAwait(false);
        var log = Path.Combine(folder.FullName, "log");
        var process = await ProcessLauncher.StartAsync(program, ["serve", configuration], log, folder.FullName).ConfigureAwait(false);
        var server = new RegistryServer(process, folder, address, password);
        try
        {
            await server.AnswersAsync(log, cancellationToken).ConfigureAwait(false);
            return (server, "");
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Content.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task AnswersAsync(string log, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await tick.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"docker-registry ended by itself:\n{await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false)}");
            }

            try
            {
                using var answer = await http.GetAsync(new Uri("v2/", UriKind.Relative), deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
    }
}
