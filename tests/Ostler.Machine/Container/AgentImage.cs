using Ostler.Testing.Hosts;

namespace Ostler.Machine.Container;

/// <summary>The agent's container image, as <c>make image</c> built it on this machine: what containerd would have pulled.</summary>
internal static class AgentImage
{
    /// <summary>Unpacks the image.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="image">Its name and tag.</param>
    /// <param name="into">A folder that is there and empty.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What it runs.</returns>
    /// <exception cref="InvalidOperationException">There is no such image here.</exception>
    public static async Task<string> UnpackAsync(string root, string image, string into, CancellationToken cancellationToken)
    {
        var containers = Path.Combine(root, ".ci", "containers");
        var inspected = await HostCommand.RunAsync([containers, "image", "inspect", "--format", "{{index .Config.Entrypoint 0}}", image], cancellationToken);
        if (inspected.ExitCode != 0)
        {
            throw new InvalidOperationException($"There is no image {image} here ({inspected.Stderr.Trim()}): make image builds it.");
        }

        var created = await HostCommand.RunAsync([containers, "create", image], cancellationToken);
        created.EnsureSuccess();
        var container = created.Stdout.Trim();
        var archive = into + ".tar";
        try
        {
            (await HostCommand.RunAsync([containers, "export", "--output", archive, container], cancellationToken)).EnsureSuccess();
            (await HostCommand.RunAsync(["tar", "--extract", "--numeric-owner", "--directory", into, "--file", archive], cancellationToken)).EnsureSuccess();
        }
        finally
        {
            File.Delete(archive);
            await HostCommand.RunAsync([containers, "rm", container], CancellationToken.None);
        }

        return inspected.Stdout.Trim();
    }
}
