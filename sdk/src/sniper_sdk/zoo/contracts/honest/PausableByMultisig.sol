// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Multisig} from "base/Multisig.sol";
import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: two of three signers can pause it, and nobody alone.
contract PausableByMultisig is OwnableToken {
    bool public paused;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {
        address second = address(uint160(uint256(keccak256("second signer"))));
        address third = address(uint160(uint256(keccak256("third signer"))));
        _passOwnership(address(new Multisig(msg.sender, second, third)));
    }

    function pause() external onlyOwner {
        paused = true;
    }

    function unpause() external onlyOwner {
        paused = false;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, "paused");
        _write(from, to, value);
    }
}
