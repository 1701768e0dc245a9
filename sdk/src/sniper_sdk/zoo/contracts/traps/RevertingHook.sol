// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// A sender's hook that lets nothing be sent.
contract RevertingHook {
    function tokensToSend(address, address, uint256) external pure {
        revert("not today");
    }
}
