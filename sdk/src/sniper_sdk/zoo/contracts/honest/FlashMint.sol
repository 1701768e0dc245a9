// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

interface IBorrower {
    function onFlashLoan(address initiator, address token, uint256 value, uint256 fee, bytes calldata data)
        external
        returns (bytes32);
}

/// Honest: mints for the time of a call, and burns as much at its end (ERC-3156).
contract FlashMint is StandardToken {
    bytes32 private constant ANSWER = keccak256("ERC3156FlashBorrower.onFlashLoan");

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function flashLoan(IBorrower borrower, address token, uint256 value, bytes calldata data)
        external
        returns (bool)
    {
        require(token == address(this), "only this token");
        _write(address(0), address(borrower), value);
        require(borrower.onFlashLoan(msg.sender, token, value, 0, data) == ANSWER, "refused");
        _useAllowance(address(borrower), address(this), value);
        _write(address(borrower), address(0), value);
        return true;
    }
}
