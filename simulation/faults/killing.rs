//! Clients that die, and begin anew.

use turmoil::Sim;

use super::Saboteur;
use crate::clients::end_the_rest;

impl Saboteur {
    /// What it had under way is given up in the moment in which its process ends.
    pub(super) fn kill_client(&mut self, sim: &mut Sim<'_>, client: &String) {
        match self.killers.get(client) {
            None => self.trace.fail(format!("{client} is no client")),
            Some(killer) if sim.is_host_running(client.as_str()) => {
                killer.kill();
                self.killed.insert(client.clone());
            }
            Some(_) => {}
        }
    }

    /// Clients whose life has ended begin anew, without what they have left running.
    pub(super) fn begin_anew(&mut self, sim: &mut Sim<'_>) {
        let killed = std::mem::take(&mut self.killed);
        let now = sim.elapsed();
        for client in killed {
            match sim.is_host_running(client.as_str()) {
                true => drop(self.killed.insert(client)),
                false => end_the_rest(&self.history, now, || sim.bounce(client.as_str())),
            }
        }
    }

    /// The clients that are still at work.
    pub fn at_work(&self, sim: &mut Sim<'_>) -> Vec<String> {
        let clients = self.killers.keys();
        let at_work = clients.filter(|client| sim.is_host_running(client.as_str()));
        at_work.cloned().collect()
    }
}
